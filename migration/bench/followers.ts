import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type DuckdbTransaction, keyedTable, openDuckdb } from '@banyan/kit/duckdb';
import { duckdbLedger } from '@banyan/kit/duckdb-ledger';
import { type Ledger, type MovedResource, openMoves } from '@banyan/kit/import';
import { openPostgres } from '@banyan/kit/postgres';
import { postgresLedger } from '@banyan/kit/postgres-ledger';
import { openRedis } from '@banyan/kit/redis';
import { type RedisTx, redisLedger } from '@banyan/kit/redis-ledger';
import { openSqlite, type Queryable, statement } from '@banyan/kit/sqlite';
import { sqliteLedger } from '@banyan/kit/sqlite-ledger';
import { createTestDatabase, createTestRedis } from '@banyan/kit/testing';
import { BrandState, serveMoves, startFollower } from '../src/testing/follower-service.ts';

/** A service that takes brands over. */
export interface BenchFollower {
  url: string;
  close(): Promise<void>;
}

/** How a brand stands in a table. */
interface BrandRow {
  id: string;
  slug: string;
  state: BrandState;
}
type Brands<Tx> = MovedResource<Tx, BrandState>;
const brands = { name: 'brands', group: 'brands', schema: BrandState, displaced: async () => 0 };
const waitMs = 10_000;

/** One service for each kind of store. All apply a batch with a few statements, as the platform's services do. */
export const followers: Readonly<Record<string, (token: string) => Promise<BenchFollower>>> = {
  mariadb: startFollower,
  sqlite: startSqlite,
  postgres: startPostgres,
  redis: startRedis,
  duckdb: startDuckdb,
};

async function startSqlite(token: string): Promise<BenchFollower> {
  const folder = await mkdtemp(join(tmpdir(), 'moving-'));
  const db = openSqlite({ path: join(folder, 'store.db'), waitMs });
  await withSchema('create table brands (id text primary key, slug text unique, state text not null) strict', (one) =>
    db.applySchema(one),
  );
  const rows = 'json_each(?1)';
  const member = (name: string) => `json_extract(value, '$.${name}')`;
  return serve(
    token,
    sqliteLedger(db),
    sqlBrands(
      {
        remove: `delete from brands where id in (select value from ${rows})`,
        read: `select brands.id, state from ${rows} as r join brands on brands.id = r.value`,
        keys: 'select id from brands where (?1 is null or id > ?1) and (?2 is null or id <= ?2) order by id limit ?3',
      },
      putting({
        setAside: `update brands set slug = null from (select ${member('id')} as id, ${member('slug')} as slug from ${rows}) as r
        where brands.slug = r.slug and brands.id <> r.id`,
        put: `insert into brands (id, slug, state) select ${member('id')}, ${member('slug')}, ${member('state')} from ${rows}
        where true on conflict (id) do update set slug = excluded.slug, state = excluded.state`,
      }),
    ),
    async () => {
      await db.close();
      await rm(folder, { recursive: true });
    },
  );
}

async function startPostgres(token: string): Promise<BenchFollower> {
  const database = await createTestDatabase();
  const db = openPostgres({
    url: database.url,
    applicationName: 'bench',
    connectTimeoutMs: waitMs,
    queryTimeoutMs: waitMs,
  });
  await withSchema(
    'create table brands (id text collate "C" primary key, slug text unique, state jsonb not null)',
    (one) => db.applySchema(one),
  );
  const rows = 'jsonb_to_recordset($1::jsonb) as r(id text, slug text, state jsonb)';
  return serve(
    token,
    postgresLedger(db),
    sqlBrands(
      {
        remove: 'delete from brands where id in (select jsonb_array_elements_text($1::jsonb))',
        read: 'select brands.id, state from brands where id in (select jsonb_array_elements_text($1::jsonb))',
        keys: 'select id from brands where ($1::text is null or id > $1) and ($2::text is null or id <= $2) order by id limit $3',
      },
      putting({
        setAside: `update brands set slug = null from ${rows} where brands.slug = r.slug and brands.id <> r.id`,
        put: `insert into brands (id, slug, state) select id, slug, state from ${rows} order by id
        on conflict (id) do update set slug = excluded.slug, state = excluded.state`,
      }),
    ),
    async () => {
      await db.close();
      await database.drop();
    },
  );
}

/** Without unique slugs: the engine would delete and insert each row that is updated, so no service has a second index. */
async function startDuckdb(token: string): Promise<BenchFollower> {
  const folder = await mkdtemp(join(tmpdir(), 'moving-'));
  const db = openDuckdb({ path: join(folder, 'store.duckdb'), waitMs });
  await withSchema('create table brands (id text primary key, slug text, state text not null)', (one) =>
    db.applySchema(one),
  );
  const ids = `(select unnest(from_json($1::json, '["VARCHAR"]')))`;
  const table = keyedTable<{ id: string; slug: string; state: string }>({
    name: 'brands',
    columns: { id: 'VARCHAR', slug: 'VARCHAR', state: 'VARCHAR' },
  });
  return serve(
    token,
    duckdbLedger(db),
    sqlBrands<DuckdbTransaction>(
      {
        remove: `delete from brands where id in ${ids}`,
        read: `select id, state from brands where id in ${ids}`,
        keys: `select id from brands where ($1::varchar is null or id > $1) and ($2::varchar is null or id <= $2)
        order by id limit $3`,
      },
      async (tx, rows) => {
        await table.put(
          tx,
          rows.map((row) => ({ ...row, state: JSON.stringify(row.state) })),
        );
      },
    ),
    async () => {
      await db.close();
      await rm(folder, { recursive: true });
    },
  );
}

/** Each statement takes one value, a JSON list of rows. */
function putting(texts: Record<'setAside' | 'put', string>) {
  const setAside = statement<object, [string]>('bench_set_aside', texts.setAside);
  const put = statement<object, [string]>('bench_put', texts.put);
  return async (tx: Queryable, rows: readonly BrandRow[]) => {
    const json = JSON.stringify(rows);
    await tx.run(setAside, [json]);
    await tx.run(put, [json]);
  };
}

/** Each statement takes one value, a JSON list of ids; `keys` takes (after, to, limit). */
function sqlBrands<Tx extends Queryable>(
  texts: Record<'remove' | 'read' | 'keys', string>,
  put: (tx: Tx, rows: readonly BrandRow[]) => Promise<void>,
): Brands<Tx> {
  const remove = statement<object, [string]>('bench_remove', texts.remove);
  const read = statement<{ id: string; state: string | BrandState }, [string]>('bench_read', texts.read);
  const keys = statement<{ id: string }, [string | null, string | null, number]>('bench_keys', texts.keys);
  return {
    ...brands,
    apply: async (tx, changes) => {
      const present = changes.flatMap(({ key: id, state }) =>
        state === null ? [] : [{ id, slug: state.slug, state }],
      );
      const gone = changes.filter(({ state }) => state === null).map(({ key }) => key);
      if (gone.length > 0) await tx.run(remove, [JSON.stringify(gone)]);
      if (present.length > 0) await put(tx, present);
    },
    read: async (tx, ids) =>
      new Map((await tx.query(read, [JSON.stringify(ids)])).map(({ id, state }) => [id, stateIn(state)])),
    keys: async (tx, { after, to, limit }) => (await tx.query(keys, [after, to, limit])).map(({ id }) => id),
  };
}

const stateIn = (state: string | BrandState): BrandState => (typeof state === 'string' ? JSON.parse(state) : state);

/** A hash of states beside a sorted set of ids. */
async function startRedis(token: string): Promise<BenchFollower> {
  const server = await createTestRedis();
  const store = openRedis({ url: server.url, tag: server.tag, commandTimeoutMs: waitMs });
  await withSchema('-- The kit has the only function.', (one) => store.applySchema(one), '001_none.lua');
  const [states, ids] = [`${store.prefix}brands`, `${store.prefix}ids`];
  const resource: Brands<RedisTx> = {
    ...brands,
    apply: async (tx, changes) => {
      const gone = changes.filter(({ state }) => state === null).map(({ key }) => key);
      const present = changes.filter(({ state }) => state !== null);
      if (gone.length > 0) {
        tx.write('HDEL', states, ...gone);
        tx.write('ZREM', ids, ...gone);
      }
      if (present.length === 0) return;
      tx.write('HSET', states, ...present.flatMap(({ key, state }) => [key, JSON.stringify(state)]));
      tx.write('ZADD', ids, ...present.flatMap(({ key }) => [0, key]));
    },
    read: async (tx, keys) => {
      if (keys.length === 0) return new Map();
      const texts = await tx.peek((client) => client.hmget(states, ...keys));
      return new Map(keys.flatMap((key, n) => (texts[n] == null ? [] : [[key, stateIn(texts[n])]])));
    },
    keys: (tx, { after, to, limit }) =>
      tx.peek((client) =>
        client.zrange(
          ids,
          after === null ? '-' : `(${after}`,
          to === null ? '+' : `[${to}`,
          'BYLEX',
          'LIMIT',
          0,
          limit,
        ),
      ),
  };
  return serve(token, redisLedger(store), resource, async () => {
    await store.close();
    await server.drop();
  });
}

async function serve<Tx>(
  token: string,
  ledger: Ledger<Tx>,
  resource: Brands<Tx>,
  drop: () => Promise<void>,
): Promise<BenchFollower> {
  const { url, close } = await serveMoves(openMoves(ledger, [resource as unknown as MovedResource<Tx>]), token);
  return {
    url,
    close: async () => {
      await close();
      await drop();
    },
  };
}

async function withSchema(
  text: string,
  apply: (options: { folder: URL }) => Promise<unknown>,
  file = '001_brands.sql',
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'moving-'));
  await writeFile(join(folder, file), text);
  await apply({ folder: pathToFileURL(`${folder}/`) });
  await rm(folder, { recursive: true });
}
