import { statement } from '@banyan/kit/postgres';
import { parity } from './client-parity.ts';
import { MigrationError } from './errors.ts';
import type { Mapping } from './mappings/mapping.ts';
import type { Sides } from './sides.ts';
import { type Applied, inTarget, jsonArray } from './target.ts';

export interface MendOptions {
  /** Rows in one transaction. */
  chunk: number;
  /** Roll back every change. */
  dryRun: boolean;
  /** Ids to leave out, because the current run has already processed them. */
  skip: ReadonlySet<string>;
  signal?: AbortSignal;
  /** Called with the number of rows to read, before the first is read. */
  onTotal: (rows: number) => void;
  onApplied: (read: number, applied: readonly Applied[]) => void;
}

/**
 * Copies every record that differs between the sides, whatever its date. A source that was seeded again or restored
 * from a backup holds rows with older dates than the rows that were read before.
 *
 * @returns how many records only the target has, and whether every chunk was applied
 */
export async function mend(
  mapping: Mapping,
  sides: Sides,
  options: MendOptions,
): Promise<{ extra: number; finished: boolean }> {
  const { counts, differences } = await parity(mapping, sides);
  const ids = differences.filter(({ id, kind }) => kind !== 'extra' && !options.skip.has(id)).map(({ id }) => id);
  options.onTotal(ids.length);
  for (let from = 0; from < ids.length; from += options.chunk) {
    if (options.signal?.aborted) return { extra: counts.extra, finished: false };
    const { read, applied } = await mendChunk(mapping, sides, ids.slice(from, from + options.chunk), options.dryRun);
    options.onApplied(read, applied);
  }
  return { extra: counts.extra, finished: true };
}

/**
 * A lock makes concurrent runs wait for each other. Each reads the source under the lock, so none writes an older
 * state.
 */
function mendChunk(mapping: Mapping, sides: Sides, ids: string[], dryRun: boolean) {
  const name = mapping.name.replaceAll('-', '_');
  const lock = statement<object, [string]>(`mend_${name}_lock`, 'select pg_advisory_xact_lock(hashtext($1))');
  const rowsOf = statement<{ row: string }, [string[]]>(
    `mend_${name}_rows`,
    `select row::text from (${mapping.source.rows}) as source where id = any($1::uuid[]) order by id`,
  );
  const apply = statement<Applied, [string, boolean]>(`mend_${name}_apply`, mapping.target.apply);
  return inTarget(sides, dryRun, async (connection) => {
    await connection.query(lock, [`backfill ${mapping.name}`]);
    const rows = await sides.on('source', (db) => db.query(rowsOf, [ids]));
    return { read: rows.length, applied: await connection.query(apply, [jsonArray(rows), true]) };
  });
}

/**
 * Deletes the target's records that the source does not have.
 *
 * @returns their number
 * @throws MigrationError `source_empty` when the source has no records, because it is probably the wrong database
 */
export async function prune(mapping: Mapping, sides: Sides, dryRun: boolean): Promise<number> {
  const { sourceRows, differences } = await parity(mapping, sides);
  const extra = differences.filter(({ kind }) => kind === 'extra').map(({ id }) => id);
  if (extra.length === 0) return 0;
  if (sourceRows === 0) {
    throw new MigrationError('source_empty', 'the source holds no records at all, so --prune deletes nothing');
  }
  const remove = statement<{ removed_id: string }, [string]>(
    `prune_${mapping.name.replaceAll('-', '_')}`,
    mapping.target.remove,
  );
  const removed = await inTarget(sides, dryRun, (connection) => connection.query(remove, [JSON.stringify(extra)]));
  return removed.length;
}
