import { unprocessable } from '../api/faults.ts';
import type { Queryable } from '../db.ts';
import { recordEvent } from '../events/record.ts';

export type StockAction = 'create' | 'increment' | 'decrement' | 'allocate' | 'deallocate';

/** total = available + allocated. */
export interface StockRow {
  product_id: string;
  available: number;
  allocated: number;
}

export interface StockTransactionRow {
  id: string;
  product_id: string;
  action: StockAction;
  quantity: number;
  created_at: Date;
}

/** What one unit of an action adds to each column. */
const effects: Record<StockAction, { available: number; allocated: number }> = {
  create: { available: 1, allocated: 0 },
  increment: { available: 1, allocated: 0 },
  decrement: { available: -1, allocated: 0 },
  allocate: { available: -1, allocated: 1 },
  deallocate: { available: 1, allocated: -1 },
};
const maxLevel = 1_000_000_000_000;

/**
 * Applies an action to a product's stock and records the action. Runs in a transaction, which keeps the row locked:
 * when two requests want the last unit, only one gets it.
 * @throws ShopError `validation_failed` when stock would fall below zero
 */
export async function recordStock(
  db: Queryable,
  productId: string,
  action: StockAction,
  quantity: number,
  now: Date,
): Promise<StockTransactionRow> {
  await db.query('insert into stock (product_id, updated_at) values ($1, $2) on conflict do nothing', [productId, now]);
  const available = effects[action].available * quantity;
  const allocated = effects[action].allocated * quantity;
  const { rowCount } = await db.query(
    `update stock set available = available + $2, allocated = allocated + $3, updated_at = $4
     where product_id = $1 and available + $2 between 0 and $5 and allocated + $3 between 0 and $5`,
    [productId, available, allocated, now, maxLevel],
  );
  if (rowCount === 0) {
    throw unprocessable(
      'Cannot complete request',
      'Your request could not be completed due to insufficient stock levels',
    );
  }
  return logStock(db, productId, action, quantity, now);
}

/** Removes shipped goods from the stock that is allocated to orders. Runs in a transaction. */
export async function shipStock(db: Queryable, productId: string, quantity: number, now: Date): Promise<void> {
  const { rowCount } = await db.query(
    'update stock set allocated = allocated - $2, updated_at = $3 where product_id = $1 and allocated >= $2',
    [productId, quantity, now],
  );
  if (rowCount === 0) {
    throw unprocessable('Cannot complete request', 'The stock of this order is no longer allocated to it');
  }
  await logStock(db, productId, 'decrement', quantity, now);
}

async function logStock(
  db: Queryable,
  productId: string,
  action: StockAction,
  quantity: number,
  now: Date,
): Promise<StockTransactionRow> {
  const { rows } = await db.query<{ id: string }>(
    'insert into stock_transactions (product_id, action, quantity, created_at) values ($1, $2, $3, $4) returning id',
    [productId, action, quantity, now],
  );
  const row = { id: rows[0]?.id ?? '', product_id: productId, action, quantity, created_at: now };
  await recordEvent(db, now, 'stock-transaction.created', row.id, { data: stockTransactionView(row) });
  return row;
}

/** A stock transaction in the form of the API. */
export function stockTransactionView(row: StockTransactionRow) {
  return {
    id: row.id,
    type: 'stock-transaction',
    action: row.action,
    product_id: row.product_id,
    quantity: row.quantity,
    timestamps: { created_at: row.created_at.toISOString() },
  };
}
