import { createServer } from '@banyan/kit/http';
import { addImportRoutes, type MovedResource, type Moves, openMoves } from '@banyan/kit/import';
import { createLogger } from '@banyan/kit/log';
import { type MariadbQueryable, openMariadb, statement } from '@banyan/kit/mariadb';
import { mariadbLedger } from '@banyan/kit/mariadb-ledger';
import { Metrics } from '@banyan/kit/metrics';
import { createTestMariadb, type TestDatabase } from '@banyan/kit/testing';
import Type, { type Static } from '@banyan/kit/typebox';

/** The state of a brand as it travels. */
export const BrandState = Type.Object({
  parent_id: Type.Union([Type.String(), Type.Null()]),
  name: Type.String(),
  slug: Type.String(),
  description: Type.String({ maxLength: 1_000 }),
  status: Type.Enum(['live', 'draft']),
  created_at: Type.String(),
  updated_at: Type.String(),
});
export type BrandState = Static<typeof BrandState>;

const asRows = `json_table(?, '$[*]' columns (id varchar(36) path '$.id', slug varchar(255) path '$.slug'))`;
const remove = statement<object, [string]>('f_remove', `delete brands from brands join ${asRows} as r using (id)`);
const setAside = statement<object, [string]>(
  'f_set_aside',
  `update brands join ${asRows} as r on brands.slug = r.slug and brands.id <> r.id set brands.slug = null`,
);
const put = statement<object, [string, string, string]>(
  'f_put',
  `insert into brands (id, slug, state) values (?, ?, ?)
   on duplicate key update slug = values(slug), state = values(state)`,
);
const read = statement<{ id: string; state: string | BrandState }, [string]>(
  'f_read',
  `select brands.id, state from brands join json_table(?, '$[*]' columns (id varchar(36) path '$')) as r using (id)`,
);
const keys = statement<{ id: string }, [string | null, string | null, string | null, string | null, number]>(
  'f_keys',
  'select id from brands where (? is null or id > ?) and (? is null or id <= ?) order by id limit ?',
);
const displaced = statement<{ count: number }>(
  'f_displaced',
  'select count(*) as count from brands where slug is null',
);

const brands: MovedResource<MariadbQueryable, BrandState> = {
  name: 'brands',
  group: 'brands',
  schema: BrandState,
  apply: async (tx, changes) => {
    const present = changes.flatMap(({ key, state }) => (state === null ? [] : [{ id: key, slug: state.slug, state }]));
    const gone = changes.filter(({ state }) => state === null).map(({ key }) => ({ id: key }));
    if (gone.length > 0) await tx.run(remove, [JSON.stringify(gone)]);
    await tx.run(setAside, [JSON.stringify(present.map(({ id, slug }) => ({ id, slug })))]);
    await tx.runMany(
      put,
      present.map(({ id, slug, state }) => [id, slug, JSON.stringify(state)]),
    );
  },
  read: async (tx, ids) =>
    new Map(
      (await tx.query(read, [JSON.stringify(ids)])).map(({ id, state }) => [
        id,
        typeof state === 'string' ? (JSON.parse(state) as BrandState) : state,
      ]),
    ),
  keys: async (tx, { after, to, limit }) => (await tx.query(keys, [after, after, to, to, limit])).map(({ id }) => id),
  displaced: async (tx) => (await tx.query(displaced, []))[0]?.count ?? 0,
};

/** A small service that keeps brands in MariaDB, with the routes that every service has for the migration. */
export interface FollowerService {
  url: string;
  database: TestDatabase;
  moves: Moves<MariadbQueryable>;
  /** An ordinary write of the service. Null deletes the brand. */
  write(id: string, state: BrandState | null): Promise<void>;
  state(id: string): Promise<BrandState | undefined>;
  close(): Promise<void>;
}

export async function startFollower(token: string): Promise<FollowerService> {
  const database = await createTestMariadb();
  const db = openMariadb({ url: database.url, connectTimeoutMs: 10_000, queryTimeoutMs: 10_000 });
  await db.applySchema({ folder: new URL('./follower-schema/', import.meta.url) });
  const moves = openMoves(mariadbLedger(db), [brands as unknown as MovedResource<MariadbQueryable>]);
  const { url, close } = await serveMoves(moves, token);
  return {
    url,
    database,
    moves,
    write: (id, state) =>
      moves.write('brands', async (tx, changed) => {
        await brands.apply(tx, [{ key: id, state }]);
        await changed(id, { deleted: state === null });
      }),
    state: async (id) => (await db.transaction((tx) => brands.read(tx, [id]))).get(id),
    close: async () => {
      await close();
      await db.close();
      await database.drop();
    },
  };
}

/** A server that has nothing but the routes for the migration. */
export async function serveMoves<Tx>(
  moves: Moves<Tx>,
  token: string,
): Promise<{ url: string; close(): Promise<unknown> }> {
  const server = await createServer({
    logger: createLogger({ level: 'silent', service: 'follower' }),
    metrics: new Metrics(),
    errors: {},
    checks: {},
  });
  addImportRoutes(server, moves, token);
  return { url: await server.listen({ host: '127.0.0.1', port: 0 }), close: () => server.close() };
}
