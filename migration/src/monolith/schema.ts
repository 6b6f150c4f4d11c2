import type { Queryable } from '../resources/queryable.ts';

/**
 * What the migration keeps in the monolith's database, in a schema of its own: it must be committed together with the
 * monolith's own writes. `detach` drops it.
 */
const statements = [
  'create schema if not exists migration',
  // Never the same number twice, whatever becomes of a transaction.
  'create sequence if not exists migration.counter',
  // Which side may write a move group.
  `create table if not exists migration.ownership (
     group_name text primary key,
     epoch bigint not null,
     state text not null check (state in ('owner', 'follower', 'fenced'))
   )`,
  // Aggregates that a transaction changed, and that the service does not have yet. A note says nothing else.
  `create table if not exists migration.notes (
     id bigint generated always as identity primary key,
     resource text not null,
     key text not null,
     noted_at timestamptz not null default clock_timestamp(),
     -- Why the service refused the aggregate, and when to try again.
     parked text,
     retry_at timestamptz
   )`,
  'create index if not exists notes_by_resource on migration.notes (resource, id)',
  // Versions that came from the service, with tombstones, in the transaction that applied them.
  `create table if not exists migration.applied (
     resource text not null,
     key text not null,
     version bigint not null,
     deleted boolean not null,
     primary key (resource, key)
   )`,
];

export async function applySchema(db: Queryable): Promise<void> {
  // Two that attach at once would both find the schema missing.
  await db.query("select pg_advisory_xact_lock(hashtextextended('migration schema', 0))");
  for (const statement of statements) await db.query(statement);
}

/** Whether the monolith's database has the migration's schema. */
export async function hasSchema(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ there: boolean }>(`select to_regclass('migration.ownership') is not null as there`);
  return rows[0]?.there === true;
}

/** Whether facts are captured. */
export async function hasFacts(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ there: boolean }>(`select to_regclass('migration.facts') is not null as there`);
  return rows[0]?.there === true;
}

/** Keeps the epoch of a group that is given up: facts of later changes must be newer than those of earlier ones. */
export async function rememberEpoch(db: Queryable, group: string): Promise<void> {
  if (!(await hasFacts(db))) return;
  await db.query(
    `insert into migration.fact_epochs as mine (group_name, epoch)
     select group_name, epoch from migration.ownership where group_name = $1
     on conflict (group_name) do update set epoch = greatest(mine.epoch, excluded.epoch)`,
    [group],
  );
}

/** Drops the schema when neither a resource nor facts are captured. */
export async function dropUnusedSchema(db: Queryable): Promise<void> {
  const { rows } = await db.query('select from migration.ownership limit 1');
  if (rows.length === 0 && !(await hasFacts(db))) await db.query('drop schema migration cascade');
}
