import { inTransaction, type Pool } from '../db.ts';
import { recordEvent } from '../events/record.ts';
import { uuid5 } from '../webhooks/uuid5.ts';
import { type StockTransactionRow, stockTransactionView } from './record-stock.ts';

/** The stock that a new product begins with. */
export interface FirstStock {
  product_id: string;
  /** Units; 0 without stock. */
  quantity: number;
}

/** The most products in one request of a first stock. */
export const maxFirstStocks = 250;

/**
 * What the owner of inventories does when it is asked for the first stock of products: once for each product, however
 * often it is asked, because the id of the transaction is made from that of the product.
 */
export async function writeFirstStocks(pool: Pool, wanted: readonly FirstStock[], now: Date): Promise<void> {
  await inTransaction(pool, async (db) => {
    const { rows } = await db.query<StockTransactionRow>(
      `insert into stock_transactions (id, product_id, action, quantity, created_at)
       select id, product_id, 'create', quantity, $4 from unnest($1::uuid[], $2::uuid[], $3::bigint[])
         as wanted (id, product_id, quantity) on conflict (id) do nothing
       returning id, product_id, action, quantity::float8 as quantity, created_at`,
      [wanted.map(({ product_id }) => firstStockId(product_id)), ...columns(wanted), now],
    );
    await db.query(
      `insert into stock as s (product_id, available, updated_at)
       select *, $3 from unnest($1::uuid[], $2::bigint[])
       on conflict (product_id) do update set available = s.available + excluded.available, updated_at = excluded.updated_at`,
      [...columns(rows), now],
    );
    for (const row of rows) {
      await recordEvent(db, now, 'stock-transaction.created', row.id, { data: stockTransactionView(row) });
    }
  });
}

const firstStockId = (productId: string) => uuid5(productId, 'first stock');

/** The columns of first stocks, for `unnest`. */
export function columns(wanted: readonly FirstStock[]): [ids: string[], quantities: number[]] {
  return [wanted.map(({ product_id }) => product_id), wanted.map(({ quantity }) => quantity)];
}
