import type { Queryable } from './queryable.ts';

/**
 * The SQLSTATE of a write that the monolith may not make, because it does not own the resource. The monolith replies to
 * it with 421.
 */
export const notOwner = 'BN421';

/**
 * Writes the monolith's half of a deletion, as an ordinary write of its owner. Where a service owns that half, nothing
 * is written: the service deletes its half when it hears of the deletion. Runs in a transaction.
 */
export async function unlessOwnedElsewhere(db: Queryable, work: () => Promise<unknown>): Promise<void> {
  await db.query('savepoint other_half');
  try {
    await work();
  } catch (error) {
    if ((error as { code?: unknown }).code !== notOwner) throw error;
    await db.query('rollback to savepoint other_half');
  }
}
