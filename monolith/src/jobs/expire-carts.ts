import type { Queryable } from '../db.ts';

const lifetimeMs = 7 * 24 * 3_600_000;

/** Deletes the carts without a change for a week; returns their number. */
export async function expireCarts(db: Queryable, now: Date): Promise<number> {
  const { rowCount } = await db.query('delete from carts where updated_at < $1', [
    new Date(now.getTime() - lifetimeMs),
  ]);
  return rowCount ?? 0;
}
