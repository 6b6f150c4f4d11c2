import type { Queryable } from '../db.ts';
import { storeFault } from '../store-faults.ts';

const lifetimeMs = 7 * 24 * 3_600_000;

/**
 * Deletes the carts without a change for a week; returns their number. While another program owns the carts, it deletes
 * none: theirs expire there.
 */
export async function expireCarts(db: Queryable, now: Date): Promise<number> {
  const before = new Date(now.getTime() - lifetimeMs);
  try {
    return (await db.query('delete from carts where updated_at < $1', [before])).rowCount ?? 0;
  } catch (error) {
    if (storeFault(error)?.code !== 'misdirected') throw error;
    return 0;
  }
}
