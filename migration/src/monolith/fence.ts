import type { Ownership } from '@banyan/kit/import';
import type { Pool } from 'pg';
import { MigrationError } from '../errors.ts';
import type { Queryable } from '../resources/queryable.ts';
import { inTransaction } from './database.ts';
import { fenceLock } from './triggers.ts';

/** How long the change of an owner waits for writes in flight. */
const lockTimeout = '2s';

/** Who owns a group, as the monolith has it. Null: the group is not attached. */
export async function readOwnership(db: Queryable, group: string): Promise<Pick<Ownership, 'epoch' | 'state'> | null> {
  const { rows } = await db.query<{ epoch: string; state: Ownership['state'] }>(
    'select epoch, state from migration.ownership where group_name = $1',
    [group],
  );
  return rows[0] ? { epoch: Number(rows[0].epoch), state: rows[0].state } : null;
}

/**
 * Changes a group's owner in the monolith, by compare and set. Waits for transactions that write the group, also those
 * that no router knows of any more.
 *
 * @returns whether it was changed; false when `from` is not in force
 * @throws MigrationError `locked` when a transaction does not end in time. The message names it.
 */
export async function changeOwnership(
  pool: Pool,
  group: string,
  from: Pick<Ownership, 'epoch' | 'state'>,
  to: Pick<Ownership, 'epoch' | 'state'>,
): Promise<boolean> {
  try {
    return await inTransaction(pool, async (db) => {
      await db.query(`set local lock_timeout = '${lockTimeout}'`);
      // An owner that stays one, at another epoch, waits for no writes: they are as good after it as before it.
      if (from.state !== 'owner' || to.state !== 'owner') {
        await db.query(`select pg_advisory_xact_lock(${fenceLock(group)})`);
      }
      const { rowCount } = await db.query(
        `update migration.ownership set epoch = $4, state = $5 where group_name = $1 and epoch = $2 and state = $3`,
        [group, from.epoch, from.state, to.epoch, to.state],
      );
      return rowCount === 1;
    });
  } catch (error) {
    if ((error as { code?: unknown }).code !== '55P03') throw error;
    throw new MigrationError('locked', `writes of ${group} do not end: ${await holders(pool, group)}`, {
      cause: error,
    });
  }
}

/** The sessions that hold the group's lock, without their statements, which hold values. */
async function holders(db: Queryable, group: string): Promise<string> {
  const { rows } = await db.query<{ holder: string }>(
    `select format('process %s (%s, %s, in a transaction for %s s)', a.pid, a.application_name, a.state,
                   round(extract(epoch from clock_timestamp() - a.xact_start))) as holder
     from pg_locks l join pg_stat_activity a using (pid), (select ${fenceLock(group)} as id) fence
     where l.locktype = 'advisory' and l.granted and a.pid <> pg_backend_pid() and l.objsubid = 1
       and l.classid::bigint = (fence.id >> 32) & 4294967295 and l.objid::bigint = fence.id & 4294967295`,
  );
  return rows.map(({ holder }) => holder).join(', ') || 'the transaction has ended meanwhile: try again';
}
