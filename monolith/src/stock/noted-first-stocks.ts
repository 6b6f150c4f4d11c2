import type { Queryable } from '../db.ts';
import { columns, type FirstStock, maxFirstStocks } from './first-stock.ts';

/** The first stocks that the owner of inventories has not confirmed yet; all, or those of some products. */
export async function openFirstStocks(db: Queryable, productIds?: readonly string[]): Promise<FirstStock[]> {
  const { rows } = await db.query<FirstStock>(
    `select product_id, quantity::float8 as quantity from first_stocks
     where $1::uuid[] is null or product_id = any($1) order by created_at, product_id limit $2`,
    [productIds ?? null, maxFirstStocks],
  );
  return rows;
}

/** Seam 1: notes the first stock of new products, in their transaction. `askFirstStocks` follows the commit. */
export async function noteFirstStocks(db: Queryable, wanted: readonly FirstStock[], now: Date): Promise<void> {
  await db.query(
    'insert into first_stocks (product_id, quantity, created_at) select *, $3 from unnest($1::uuid[], $2::bigint[])',
    [...columns(wanted), now],
  );
}

/** Forgets first stocks that the owner of inventories has. */
export async function confirmFirstStocks(db: Queryable, wanted: readonly FirstStock[]): Promise<void> {
  await db.query('delete from first_stocks where product_id = any($1)', [wanted.map(({ product_id }) => product_id)]);
}
