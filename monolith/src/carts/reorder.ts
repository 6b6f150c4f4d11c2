import Type from 'typebox';
import { checker } from '../api/validate.ts';
import { ShopError } from '../errors.ts';
import { findOrder } from '../orders/read.ts';
import { itemsOfOrder, type OrderItemRow } from '../orders/store.ts';
import type { Adding } from './adding.ts';
import { mixedCurrencies } from './limits.ts';
import { addCustom, putProduct } from './lines.ts';

const orderItems = checker(Type.Object({ order_id: Type.String() }));

/**
 * Adds the lines of an order that the client may see: products at today's prices, custom items unchanged. Unless the
 * request is all-or-nothing, lines that cannot be added are reported in `errors`.
 * @throws ShopError `not_found` when the order is unknown
 * @throws ShopError `forbidden` when the token is implicit and names no customer
 * @throws ShopError with the code of the first failure when no line could be added
 */
export async function reorder(to: Adding, data: unknown): Promise<void> {
  const { order_id: orderId } = orderItems(data);
  const { draft, request, shelf } = to;
  const order = await findOrder(draft.db, request, orderId);
  const counted = await draft.db.query<{ lines: number }>(
    'select count(*)::integer as lines from order_items where order_id = $1',
    [order.id],
  );
  to.spend(Math.max(1, counted.rows[0]?.lines ?? 0));
  const lines = await itemsOfOrder(draft.db, order.id);
  const currency = to.currency(order.currency);
  await shelf.fetch(
    lines.flatMap((line) => line.product_id ?? []),
    currency,
  );
  const failures: ShopError[] = [];
  for (const line of lines) {
    try {
      await draft.attempt(() => addOrderItem(to, line, currency, order.currency));
    } catch (error) {
      if (!(error instanceof ShopError) || to.allOrNothing) throw error;
      failures.push(error);
    }
  }
  if (failures[0] !== undefined && failures.length === lines.length) throw failures[0];
  to.failures.push(...failures);
}

async function addOrderItem(to: Adding, line: OrderItemRow, currency: string, orderCurrency: string): Promise<void> {
  const { name, sku, quantity, unit_amount: amount, includes_tax } = line;
  if (line.product_id !== null) return putProduct(to, { currency, wanted: line.product_id, quantity });
  if (currency !== orderCurrency) throw mixedCurrencies(currency);
  await addCustom(to, { name, sku, quantity, price: { amount, includes_tax } }, { currency });
}
