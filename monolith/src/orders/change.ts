import { refused, unprocessable } from '../api/faults.ts';
import type { Queryable } from '../db.ts';
import { ShopError } from '../errors.ts';
import type { Shop } from '../shop.ts';
import { recordStock, shipStock } from '../stock/record-stock.ts';
import { recordOrderUpdated } from './events.ts';
import { type OrderEvent, type StockEffect, transition } from './state.ts';
import { itemsOfOrder, type OrderRow } from './store.ts';

/**
 * Applies an event to a locked order: moves the stock, writes the new state and returns the changed order.
 * @throws ShopError `validation_failed` when the order does not allow the event
 * @throws ShopError `bad_request` when stock is short
 */
export async function apply(
  shop: Shop,
  db: Queryable,
  order: OrderRow,
  event: OrderEvent,
  now: Date,
): Promise<OrderRow> {
  const next = transition(order, event);
  if (next === undefined) {
    const { status, payment, shipping } = order;
    throw unprocessable(
      'Cannot complete request',
      `An order that is ${status}, ${payment} and ${shipping} does not allow: ${event.replace('_', ' ')}`,
    );
  }
  await moveStock(db, order.id, next.stock, now);
  await db.query('update orders set status = $2, payment = $3, shipping = $4, updated_at = $5 where id = $1', [
    order.id,
    next.state.status,
    next.state.payment,
    next.state.shipping,
    now,
  ]);
  const changed = { ...order, ...next.state, updated_at: now };
  await recordOrderUpdated(shop, db, changed, now, event);
  return changed;
}

async function moveStock(db: Queryable, orderId: string, effect: StockEffect, now: Date): Promise<void> {
  if (effect === 'none') return;
  for (const { id, sku, quantity } of await stockedProducts(db, orderId)) {
    if (effect === 'ship') await shipStock(db, id, quantity, now);
    else if (effect === 'deallocate') await recordStock(db, id, effect, quantity, now);
    else await allocate(db, id, sku, quantity, now);
  }
}

async function allocate(db: Queryable, id: string, sku: string, quantity: number, now: Date): Promise<void> {
  try {
    await recordStock(db, id, 'allocate', quantity, now);
  } catch (error) {
    if (!(error instanceof ShopError)) throw error;
    throw refused('Insufficient stock', `There is not enough stock of ${sku} to pay for this order`, { id, sku });
  }
}

/** The quantity of each product of an order that keeps stock and still exists. */
async function stockedProducts(db: Queryable, orderId: string) {
  const wanted = new Map<string, { id: string; sku: string; quantity: number }>();
  for (const { product_id: id, sku, quantity, manage_stock } of await itemsOfOrder(db, orderId)) {
    if (id === null || !manage_stock) continue;
    wanted.set(id, { id, sku, quantity: quantity + (wanted.get(id)?.quantity ?? 0) });
  }
  const { rows } = await db.query<{ id: string }>(
    // All transactions lock products in one order, so that two orders of the same goods cannot deadlock.
    'select id from products where id = any($1) order by id for key share',
    [[...wanted.keys()]],
  );
  return rows.flatMap(({ id }) => wanted.get(id) ?? []);
}
