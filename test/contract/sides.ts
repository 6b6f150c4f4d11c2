import type { AddressInfo } from 'node:net';
import type { GroupsInstance } from '@banyan/kit/groups-testing';
import { serviceAt, startFakeMesh } from '@banyan/kit/testing';
import { openTestShop, type TestShop, testClient } from '@banyan/monolith/testing';
import type { ApiOptions, Tokens } from './api.ts';
import { startFront } from './front.ts';

/** Something that serves the whole API. */
export interface Side extends Pick<ApiOptions, 'urls' | 'tokens' | 'settle'> {
  close(): Promise<void>;
}

/** What the monolith is called by those that ask for what it owns. */
export const ownedByMonolith = [
  ...['monolith', 'products', 'settings', 'currencies', 'inventories', 'customers', 'orders', 'promotions', 'flows'],
  ...['categories', 'collections', 'files', 'brands', 'carts'],
];
const tokenOf = (header: string) => header.replace(/^Bearer /, '');

export interface Monolith {
  url: string;
  tokens: Tokens;
  shop: TestShop;
}

export interface MonolithOptions {
  /** Where it sends what belongs to another owner. */
  edgeUrl?: string;
  /** Called before it listens. */
  prepare?: (shop: TestShop) => void;
}

/** The monolith on a store of its own, which serves the internal paths that services ask for. */
export async function startMonolith({ edgeUrl, prepare }: MonolithOptions = {}): Promise<Monolith> {
  const introspection = { clientId: 'services', clientSecret: 'let me ask' };
  const shop = await openTestShop([], { introspection, edgeUrl });
  prepare?.(shop);
  await shop.app.listen({ host: '127.0.0.1', port: 0 });
  shop.workOff();
  const { port } = shop.app.server.address() as AddressInfo;
  const tokens = { admin: tokenOf(shop.adminToken), shopper: tokenOf(shop.shopperToken), client: testClient };
  return { url: `http://127.0.0.1:${port}`, tokens, shop };
}

/**
 * The monolith alone, on a store of its own.
 *
 * @param prepare called before it listens
 */
export async function monolithAlone(prepare?: (shop: TestShop) => void): Promise<Side> {
  const { url, tokens, shop } = await startMonolith(prepare ? { prepare } : {});
  return { urls: [url], tokens, close: () => shop.close() };
}

/** A service of groups of products, in no migration. */
export interface LoneGroups {
  name: string;
  paths: RegExp;
  start(meshUrl: string): Promise<GroupsInstance>;
}

/** The service for the paths of its groups, and a monolith for everything else, which the service asks as its peers. */
export async function groupsOnService({ name, paths, start }: LoneGroups): Promise<Side> {
  let urls = { monolith: '', service: '' };
  const front = await startFront((path) => [paths.test(path) ? urls.service : urls.monolith]);
  const { url, tokens, shop } = await startMonolith({ edgeUrl: front.url });
  const monolith = serviceAt(url);
  const mesh = await startFakeMesh(Object.fromEntries(ownedByMonolith.map((name) => [name, monolith])));
  const closeOthers = async () => {
    front.close();
    mesh.close();
    await shop.close();
  };
  const instance = await start(mesh.url).catch(async (error: unknown) => {
    await closeOthers();
    throw error;
  });
  await instance.service.ready;
  urls = { monolith: url, service: instance.service.url };
  mesh.services[name] = serviceAt(instance.service.url);
  return {
    urls: [front.url],
    tokens,
    // Stands in for the copy that the monolith keeps, which products are linked to.
    settle: async () => {
      const rows = await instance.service.store.all(false);
      const columns = (['id', 'name', 'slug', 'status'] as const).map((column) => rows.map((row) => row[column]));
      await shop.shop.db.query(`delete from ${name} where id <> all($1)`, [columns[0]]);
      await shop.shop.db.query(
        `insert into ${name} (id, name, slug, status) select id, name, slug, status
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as copy (id, name, slug, status)
         on conflict (id) do update set name = excluded.name, slug = excluded.slug, status = excluded.status`,
        columns,
      );
    },
    close: async () => {
      await instance.close();
      await closeOthers();
    },
  };
}
