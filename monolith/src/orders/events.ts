import type { Queryable } from '../db.ts';
import type { EventKey } from '../events/keys.ts';
import { recordEvent } from '../events/record.ts';
import type { Shop } from '../shop.ts';
import { orderReply } from './read.ts';
import type { OrderEvent } from './state.ts';
import type { OrderRow } from './store.ts';

/** The key of each event of an order, besides `order.updated`. */
const keys: Readonly<Partial<Record<OrderEvent, EventKey>>> = {
  authorize: 'order.authorized',
  capture: 'order.paid',
  purchase: 'order.paid',
  refund: 'order.refunded',
  fulfil: 'order.fulfilled',
};

/** Records that an order was created, with its items. */
export async function recordOrderCreated(
  db: Queryable,
  order: { data: { id: string }; included?: Record<string, readonly unknown[]> | undefined },
  now: Date,
): Promise<void> {
  await recordEvent(db, now, 'order.created', order.data.id, order);
}

/** Records that an order was updated and, if it has a key of its own, by what. */
export async function recordOrderUpdated(
  shop: Shop,
  db: Queryable,
  order: OrderRow,
  now: Date,
  event?: OrderEvent,
): Promise<void> {
  const shown = await orderReply(shop, db, order, true);
  await recordEvent(db, now, 'order.updated', order.id, shown);
  const key = event && keys[event];
  if (key !== undefined) await recordEvent(db, now, key, order.id, shown);
}
