import type { Logger } from '@banyan/kit/log';
import type { Client, Pool } from 'pg';
import { whileLocksAreFree } from '../monolith/attach.ts';
import { inTransaction, inTransactionOn } from '../monolith/database.ts';
import { applySchema, dropUnusedSchema, hasFacts } from '../monolith/schema.ts';
import type { Resource } from '../resources/resource.ts';

/** How long attaching waits for a transaction that holds the table of events. */
const lockTimeout = '2s';

const tables = [
  // Events of the monolith that were not published yet. The number is the event's own, and rises with it.
  `create table if not exists migration.facts (
     seq bigint primary key,
     -- Of the owner of the event's resource, when it happened.
     epoch bigint not null,
     -- The event, once the monolith has deleted it.
     kept jsonb
   )`,
  // Epochs of groups that were given up.
  'create table if not exists migration.fact_epochs (group_name text primary key, epoch bigint not null)',
];

/** The functions. May be replaced at any time, since they lock no table. */
const functionsOf = (resources: readonly Resource[]) => [
  `create or replace function migration.note_fact() returns trigger language plpgsql as $$
   declare
     of_group text := ${groupOf(resources)};
   begin
     -- A seed that replaces the shop begins the numbers anew: what was not published of the old shop is given up.
     insert into migration.facts (seq, epoch) values (new.seq, greatest(
       (select epoch from migration.ownership where group_name = of_group),
       (select epoch from migration.fact_epochs where group_name = of_group), 0))
       on conflict (seq) do update set epoch = excluded.epoch, kept = null;
     return null;
   end $$`,
  // The monolith cleans its events up after a day, and the broker may be down for longer.
  `create or replace function migration.keep_fact() returns trigger language plpgsql as $$
   begin
     update migration.facts set kept = to_jsonb(old) where seq = old.seq;
     return old;
   end $$`,
];

const triggers = [
  `create trigger migration_fact after insert on shop_events
     for each row execute function migration.note_fact()`,
  `create trigger migration_fact_kept before delete on shop_events
     for each row execute function migration.keep_fact()`,
];

/** SQL of the move group of an event: null for one that no resource of the migration has. */
function groupOf(resources: readonly Resource[]): string {
  const cases = resources.flatMap(({ group, entities = [] }) =>
    entities.map((entity) => `when '${entity}' then '${group}'`),
  );
  return cases.length === 0 ? 'null' : `case split_part(new.key, '.', 1) ${cases.join(' ')} end`;
}

/**
 * Has the monolith note its events from now on, in the transactions that write them. May be repeated. Events of the way
 * back are not noted, because it writes without triggers: the service has published them itself.
 *
 * @throws MigrationError `locked` when a transaction keeps the table for too long
 */
export async function attachFacts(client: Client, resources: readonly Resource[]): Promise<void> {
  await whileLocksAreFree(() =>
    inTransactionOn(client, async (db) => {
      await db.query(`set local lock_timeout = '${lockTimeout}'`);
      await applySchema(db);
      for (const statement of [...tables, ...functionsOf(resources)]) await db.query(statement);
      const { rows } = await db.query(
        `select from pg_trigger where tgrelid = 'shop_events'::regclass and tgname = 'migration_fact'`,
      );
      if (rows.length > 0) return;
      for (const statement of triggers) await db.query(statement);
    }),
  );
}

/**
 * Ends the notes, and leaves nothing behind. Facts that were not published are given up.
 *
 * @throws MigrationError `locked` when a transaction keeps the table for too long
 */
export async function detachFacts(pool: Pool, logger: Logger): Promise<void> {
  if (!(await hasFacts(pool))) return;
  await whileLocksAreFree(() =>
    inTransaction(pool, async (db) => {
      await db.query(`set local lock_timeout = '${lockTimeout}'`);
      for (const name of ['migration_fact', 'migration_fact_kept']) {
        await db.query(`drop trigger if exists ${name} on shop_events`);
      }
      for (const name of ['note_fact', 'keep_fact']) await db.query(`drop function if exists migration.${name}()`);
      const { rows } = await db.query<{ count: number }>('select count(*)::int as count from migration.facts');
      const waiting = rows[0]?.count ?? 0;
      if (waiting > 0) logger.warn({ waiting }, 'facts of the monolith were not published and are given up');
      await db.query('drop table migration.facts, migration.fact_epochs');
      await dropUnusedSchema(db);
    }),
  );
}
