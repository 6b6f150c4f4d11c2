import { badRequest, refused } from '../api/faults.ts';
import type { Queryable } from '../db.ts';
import { MAX_AMOUNT } from '../money.ts';

export const MAX_LINES = 100;
export const MAX_TAXES = 5;
export const MAX_QUANTITY = 1_000_000;

/** Throws 400 where a line would hold more, or be worth more, than can be counted exactly. */
export function checkLine(quantity: number, unitAmount: number): void {
  if (quantity > MAX_QUANTITY) throw badRequest(`A line holds at most ${MAX_QUANTITY}`, 'data.quantity');
  if (quantity * unitAmount > MAX_AMOUNT) throw badRequest('The value of the line is too large', 'data.quantity');
}

/** Throws 400 where less than `quantity` of a product is available. Nothing is reserved: that is for the payment. */
export async function checkStock(db: Queryable, product: { id: string; sku: string }, quantity: number): Promise<void> {
  const { rows } = await db.query<{ available: string }>('select available from stock where product_id = $1', [
    product.id,
  ]);
  if (Number(rows[0]?.available ?? 0) < quantity) throw insufficientStock(product);
}

export function insufficientStock({ id, sku }: { id: string; sku: string }) {
  return refused('Insufficient stock', `There is not enough stock to add ${sku} to your cart`, { id, sku });
}
