import { setTimeout as pause } from 'node:timers/promises';
import type { TargetRequest } from '../../drivers/request.ts';

/** One call of the platform's API, with the credential of the measurement. */
export type CallApi = (method: 'GET' | 'POST', path: string, body?: object) => Promise<unknown>;

/** What is read of one resource. */
export interface ResourceReads {
  /** The service that takes it over, as the mesh names it. */
  service: string;
  /** The store behind the service, as the topology names it. Null: it is inside the service. */
  store: string | null;
  /** The paths that take turns: lists and single entities. May make what is read. */
  paths(call: CallApi): Promise<string[]>;
}

/** How many single entities take turns with the lists: enough that no row is hot. */
const singles = 20;

/** A reply with a page of a list. */
interface List<Row = { id: string }> {
  data: Row[];
  meta: { results: { total: number } };
}

/** Pages of the list, at most three and none that is empty, and single entities between them. */
function pagesAnd(path: string, pageSize: number, more: readonly string[] = []) {
  return async (call: CallApi): Promise<string[]> => {
    const { data, meta } = (await call('GET', `${path}?page[limit]=${singles}`)) as List;
    if (data.length === 0) throw new Error(`there is nothing to read: ${path} is empty`);
    const pages = [0, 1, 2]
      .map((page) => page * pageSize)
      .filter((offset) => offset < meta.results.total)
      .map((offset) => `${path}?page[limit]=${pageSize}&page[offset]=${offset}`);
    return takeTurns(
      [...pages, ...more],
      data.map(({ id }) => `${path}/${id}`),
    );
  };
}

/** A list after every second entity, and each list at least once. */
function takeTurns(lists: readonly string[], entities: readonly string[]): string[] {
  const turns = entities.flatMap((entity, n) =>
    n % 2 === 0 ? [entity] : [entity, lists[(n >> 1) % lists.length] ?? entity],
  );
  return [...turns, ...lists.filter((list) => !turns.includes(list))];
}

interface Product {
  id: string;
  manage_stock: boolean;
  meta: { stock: { level: number } };
}

/** Carts of two products each: the reference data's carts have the ids of their customers, which change. */
async function cartPaths(call: CallApi): Promise<string[]> {
  const { data } = (await call('GET', '/v2/products?filter=eq(status,live)&page[limit]=50')) as List<Product>;
  // Each run adds one of each product to each cart.
  const products = data.filter(({ manage_stock, meta }) => !manage_stock || meta.stock.level > 100).map(({ id }) => id);
  if (products.length < 4) throw new Error('there are not enough products that can be bought');
  const carts = Array.from({ length: singles }, (_, n) => `load-test-${n}`);
  for (const [n, cart] of carts.entries()) {
    for (const id of [products[n % products.length], products[(n + 3) % products.length]]) {
      await call('POST', `/v2/carts/${cart}/items`, { data: { type: 'cart_item', id, quantity: 1 } });
    }
  }
  return carts.flatMap((cart) => [`/v2/carts/${cart}`, `/v2/carts/${cart}/items`]);
}

/** The reference data end with May 2018, so these exports hold the orders of one to three days. */
const exported = ['gt(created_at,2018-05-31)', 'gt(created_at,2018-05-30)', 'gt(created_at,2018-05-29)'];
/** The first export reads all orders into the service's copy. */
const exportLimitMs = 300_000;

/** Jobs of the reference data, whose files have expired, and exports that are made now, with their files. */
async function jobPaths(call: CallApi): Promise<string[]> {
  const files: string[] = [];
  for (const filter of exported) {
    const made = await call('POST', '/v2/jobs', { data: { type: 'job', job_type: 'order_export', filter } });
    const { id } = (made as { data: { id: string } }).data;
    await endOf(call, `/v2/jobs/${id}`);
    files.push(`/v2/jobs/${id}/file`, `/v2/jobs/${id}/file/content`);
  }
  return [...(await pagesAnd('/v2/jobs', 25)(call)), ...files];
}

/** Resolves when the job at a path is complete. A look that fails is repeated. @throws Error when the job failed or does not end */
async function endOf(call: CallApi, path: string): Promise<void> {
  const untilMs = performance.now() + exportLimitMs;
  for (;;) {
    const look = call('GET', path) as Promise<{ data: { status: string; error?: string } }>;
    const { status, error } = await look.then(
      ({ data }) => data,
      (failure: Error) => ({ status: 'unknown', error: failure.message }),
    );
    if (status === 'complete') return;
    if (status === 'failed') throw new Error(`an export failed: ${error}`);
    if (performance.now() > untilMs) throw new Error(`an export is still ${status}${error ? `: ${error}` : ''}`);
    await pause(200);
  }
}

/** Flows, their fields, and entries of the reference data's `stores`: those of core flows are the entities of others. */
async function flowPaths(call: CallApi): Promise<string[]> {
  const { data } = (await call('GET', '/v2/flows')) as List;
  const flows = data.flatMap(({ id }) => [`/v2/flows/${id}`, `/v2/flows/${id}/fields`]);
  return [...(await pagesAnd('/v2/flows/stores/entries', 25, ['/v2/flows', '/v2/fields'])(call)), ...flows];
}

/** Every resource whose reads are measured. */
export const resourceReads: Readonly<Record<string, ResourceReads>> = {
  brands: { service: 'brands', store: 'mariadb', paths: pagesAnd('/v2/brands', 25, ['/v2/brands/tree']) },
  categories: { service: 'categories', store: null, paths: pagesAnd('/v2/categories', 25, ['/v2/categories/tree']) },
  collections: {
    service: 'collections',
    store: 'mariadb',
    paths: pagesAnd('/v2/collections', 25, ['/v2/collections/tree']),
  },
  currencies: { service: 'currencies', store: null, paths: pagesAnd('/v2/currencies', 25) },
  files: { service: 'files', store: null, paths: pagesAnd('/v2/files', 25) },
  carts: { service: 'carts', store: 'redis', paths: cartPaths },
  customers: { service: 'customers', store: 'mariadb', paths: pagesAnd('/v2/customers', 25) },
  flows: { service: 'flows', store: 'mariadb', paths: flowPaths },
  integrations: { service: 'integrations', store: 'postgres', paths: pagesAnd('/v2/integrations', 25) },
  jobs: { service: 'jobs', store: null, paths: jobPaths },
  // One thing, and no list of it.
  settings: { service: 'settings', store: null, paths: async () => ['/v2/settings'] },
};

export const getRequests = (paths: readonly string[], headers: Record<string, string>): TargetRequest[] =>
  paths.map((path) => ({ method: 'GET', path, headers }));
