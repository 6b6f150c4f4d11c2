import { unprocessable } from '../api/faults.ts';
import type { Queryable } from '../db.ts';
import { apply } from '../orders/change.ts';
import type { OrderRow } from '../orders/store.ts';
import type { Shop } from '../shop.ts';
import {
  insertTransaction,
  markCaptured,
  requireTransaction,
  type TransactionRow,
  transactionsOf,
} from './transactions.ts';

export type Method = 'authorize' | 'capture' | 'purchase';

/**
 * Pays a locked order through the manual gateway, which serves shops that take their money by other means. The gateway
 * accepts every payment.
 * @throws ShopError `validation_failed` when the order cannot be paid
 * @throws ShopError `bad_request` when stock is short
 */
export async function payManually(
  shop: Shop,
  db: Queryable,
  order: OrderRow,
  method: Method,
  customReference: string | undefined,
  now: Date,
): Promise<TransactionRow> {
  if (method === 'capture' && order.payment === 'authorized') {
    const open = (await transactionsOf(db, order.id)).find((row) => row.transaction_type === 'authorize');
    if (open !== undefined) return capture(shop, db, order, open.id, customReference, now);
  }
  await apply(shop, db, order, method === 'authorize' ? 'authorize' : 'purchase', now);
  const { id: orderId, with_tax: amount, currency } = order;
  return insertTransaction(db, { orderId, gateway: 'manual', customReference, amount, currency, type: method }, now);
}

/**
 * Captures an authorization.
 * @throws ShopError `not_found` when the order has no such transaction
 * @throws ShopError `validation_failed` when there is nothing to capture
 */
export async function capture(
  shop: Shop,
  db: Queryable,
  order: OrderRow,
  transactionId: string,
  customReference: string | undefined,
  now: Date,
): Promise<TransactionRow> {
  const { id, transaction_type: type, status } = await requireTransaction(db, order.id, transactionId);
  if (type !== 'authorize' || status !== 'complete') {
    throw unprocessable('Cannot complete request', 'Only an authorized transaction can be captured');
  }
  await apply(shop, db, order, 'capture', now);
  return markCaptured(db, id, customReference, now);
}

/**
 * Refunds a payment: `amount` (minor units), or everything that is left. The order counts as refunded when nothing is
 * left.
 * @throws ShopError `not_found` when the order has no such transaction
 * @throws ShopError `validation_failed` when the amount exceeds what is left
 */
export async function refund(
  shop: Shop,
  db: Queryable,
  order: OrderRow,
  transactionId: string,
  amount: number | undefined,
  now: Date,
): Promise<TransactionRow> {
  const paid = await requireTransaction(db, order.id, transactionId);
  if (!['capture', 'purchase'].includes(paid.transaction_type) || paid.status !== 'complete') {
    throw unprocessable('Cannot complete request', 'Only a captured or purchased transaction can be refunded');
  }
  const refunds = (await transactionsOf(db, order.id)).filter((row) => row.transaction_type === 'refund');
  const left = paid.amount - refunds.reduce((sum, row) => sum + row.amount, 0);
  const given = amount ?? left;
  if (given > left || order.payment !== 'paid') {
    throw unprocessable('Cannot complete request', `There is no more than ${left} left to refund`);
  }
  if (given === left) await apply(shop, db, order, 'refund', now);
  const { gateway, currency } = paid;
  return insertTransaction(
    db,
    { orderId: order.id, gateway, customReference: undefined, amount: given, currency, type: 'refund' },
    now,
  );
}
