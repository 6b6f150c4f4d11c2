import type { Queryable } from '@banyan/kit/postgres';
import type { Sides } from './sides.ts';

export type Outcome = 'inserted' | 'updated' | 'unchanged' | 'refused';

/** The outcome for one row. */
export interface Applied {
  applied_id: string;
  outcome: Outcome;
}

/** Carries the result out of a transaction that must be rolled back. */
class RolledBack<Result> extends Error {
  readonly result: Result;

  constructor(result: Result) {
    super('dry run');
    this.result = result;
  }
}

/** Runs `work` in one transaction of the target. A dry run gives the same result and rolls the transaction back. */
export async function inTarget<Result>(
  sides: Sides,
  dryRun: boolean,
  work: (connection: Queryable) => Promise<Result>,
): Promise<Result> {
  try {
    return await sides.on('target', (db) =>
      db.transaction(async (connection) => {
        const result = await work(connection);
        if (dryRun) throw new RolledBack(result);
        return result;
      }),
    );
  } catch (error) {
    if (error instanceof RolledBack) return error.result as Result;
    throw error;
  }
}

/**
 * Joins rows, one JSON text each, to one JSON array. Numbers and microseconds stay exactly as the source wrote them.
 */
export function jsonArray(rows: readonly { row: string }[]): string {
  return `[${rows.map(({ row }) => row).join(',')}]`;
}
