import type { Pool } from 'pg';
import { MigrationError } from '../errors.ts';
import type { Queryable } from '../resources/queryable.ts';
import type { Resource } from '../resources/resource.ts';
import { inTransaction } from './database.ts';
import { applySchema, dropUnusedSchema, hasSchema, rememberEpoch } from './schema.ts';
import { dropsOf, triggersOf } from './triggers.ts';

/** How long attaching waits for a transaction that holds a table of the resource. */
const lockTimeout = '2s';

/**
 * Begins to capture a resource: from the commit on, every change of its tables is noted. The monolith stays the owner.
 * May be repeated.
 *
 * @param epoch of the monolith's ownership, if the group has none yet: higher than all that the service has seen
 * @throws MigrationError `unknown_columns` when a table has columns that the resource does not know
 * @throws MigrationError `locked` when a transaction keeps a table for too long
 */
export async function attach(pool: Pool, resource: Resource, epoch: number): Promise<void> {
  await whileLocksAreFree(() =>
    inTransaction(pool, async (db) => {
      await db.query(`set local lock_timeout = '${lockTimeout}'`);
      await applySchema(db);
      await refuseUnknownColumns(db, resource);
      for (const statement of triggersOf(resource)) await db.query(statement);
      await db.query(
        `insert into migration.ownership (group_name, epoch, state) values ($1, $2, 'owner') on conflict do nothing`,
        [resource.group, epoch],
      );
    }),
  );
}

/**
 * Gives a resource up: drops its triggers, notes and versions. The last resource takes the schema along, unless facts are
 * captured. The monolith
 * must be its owner, otherwise it would accept writes beside the owner.
 *
 * @param others the group's other resources, which stay attached
 * @throws MigrationError `not_the_owner`
 */
export async function detach(pool: Pool, resource: Resource, others: readonly Resource[]): Promise<void> {
  if (!(await hasSchema(pool))) return;
  await whileLocksAreFree(() =>
    inTransaction(pool, async (db) => {
      await db.query(`set local lock_timeout = '${lockTimeout}'`);
      const { rows } = await db.query<{ state: string }>(
        'select state from migration.ownership where group_name = $1',
        [resource.group],
      );
      if (rows[0] && rows[0].state !== 'owner') {
        throw new MigrationError('not_the_owner', `the monolith does not own ${resource.name}: switch it back first`);
      }
      for (const statement of dropsOf(resource)) await db.query(statement);
      await db.query('delete from migration.notes where resource = $1', [resource.name]);
      await db.query('delete from migration.applied where resource = $1', [resource.name]);
      if (!others.some(({ group }) => group === resource.group)) {
        await rememberEpoch(db, resource.group);
        await db.query('delete from migration.ownership where group_name = $1', [resource.group]);
      }
      await dropUnusedSchema(db);
    }),
  );
}

/** @throws MigrationError `unknown_columns`: what is in them would not travel */
export async function refuseUnknownColumns(db: Queryable, { name, tables }: Resource): Promise<void> {
  const { rows } = await db.query<{ table_name: string; column_name: string }>(
    `select attrelid::regclass::text as table_name, attname as column_name from pg_attribute
     where attrelid = any($1::text[]::regclass[]) and attnum > 0 and not attisdropped`,
    [tables.map((table) => table.name)],
  );
  const unknown = rows.filter(({ table_name, column_name }) => {
    const table = tables.find((one) => one.name === table_name);
    return !table?.columns.includes(column_name);
  });
  if (unknown.length === 0) return;
  const list = unknown.map(({ table_name, column_name }) => `${table_name}.${column_name}`).join(', ');
  throw new MigrationError('unknown_columns', `${name} cannot move: the resource does not know the columns ${list}`);
}

/** @throws MigrationError `locked` when a transaction keeps a table for too long */
export async function whileLocksAreFree<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if ((error as { code?: unknown }).code !== '55P03') throw error;
    throw new MigrationError('locked', 'a transaction holds a table of the resource: try again', { cause: error });
  }
}
