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

const idsIn = (list: unknown): string[] => (list as { data: { id: string }[] }).data.map(({ id }) => id);

/** Lists in several pages, and single entities between them. */
function pagesAnd(path: string, pageSize: number, more: readonly string[] = []) {
  return async (call: CallApi): Promise<string[]> => {
    const ids = idsIn(await call('GET', `${path}?page[limit]=${singles}`));
    const pages = [0, 1, 2].map((page) => `${path}?page[limit]=${pageSize}&page[offset]=${page * pageSize}`);
    return takeTurns(
      [...pages, ...more],
      ids.map((id) => `${path}/${id}`),
    );
  };
}

/** A list after every second entity. */
function takeTurns(lists: readonly string[], entities: readonly string[]): string[] {
  return entities.flatMap((entity, n) => (n % 2 === 0 ? [entity] : [entity, lists[(n >> 1) % lists.length] ?? entity]));
}

/** Carts of two products each: the reference data's carts have the ids of their customers, which change. */
async function cartPaths(call: CallApi): Promise<string[]> {
  const products = idsIn(await call('GET', '/v2/products?page[limit]=10'));
  const carts = Array.from({ length: singles }, (_, n) => `load-test-${n}`);
  for (const [n, cart] of carts.entries()) {
    for (const id of [products[n % products.length], products[(n + 3) % products.length]]) {
      await call('POST', `/v2/carts/${cart}/items`, { data: { type: 'cart_item', id, quantity: 1 } });
    }
  }
  return carts.flatMap((cart) => [`/v2/carts/${cart}`, `/v2/carts/${cart}/items`]);
}

/** Every resource whose reads are measured. */
export const resourceReads: Readonly<Record<string, ResourceReads>> = {
  brands: { service: 'brands', store: 'mariadb', paths: pagesAnd('/v2/brands', 25, ['/v2/brands/tree']) },
  currencies: { service: 'currencies', store: null, paths: pagesAnd('/v2/currencies', 25) },
  carts: { service: 'carts', store: 'redis', paths: cartPaths },
  integrations: { service: 'integrations', store: 'postgres', paths: pagesAnd('/v2/integrations', 25) },
  jobs: { service: 'jobs', store: null, paths: pagesAnd('/v2/jobs', 25) },
};

export const getRequests = (paths: readonly string[], headers: Record<string, string>): TargetRequest[] =>
  paths.map((path) => ({ method: 'GET', path, headers }));
