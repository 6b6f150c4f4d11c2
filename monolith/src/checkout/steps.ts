import type { FastifyRequest } from 'fastify';
import { BillingAddress, ShippingAddress, wholeAddress } from '../api/address.ts';
import { forbidden, notFound, refused } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import { insufficientStock, mixedCurrencies } from '../carts/limits.ts';
import { pricedLine } from '../carts/pricing.ts';
import { type CartRow, type ItemRow, lastLiveMoment, loadItems } from '../carts/store.ts';
import type { Queryable } from '../db.ts';
import { type CalculationMethod, sumTotals, type Taxed } from '../money.ts';
import { afterDiscounts, type Discount } from '../promotions/applied.ts';
import type { Shop } from '../shop.ts';
import type { Buyer, CheckoutInput } from './input.ts';

export interface Customer {
  id: string | null;
  name: string;
  email: string;
}

/**
 * Step 1: the cart, locked.
 * @throws ShopError `bad_request` when there is no cart
 */
export async function lockCart(db: Queryable, id: string, now: Date): Promise<CartRow> {
  const { rows } = await db.query<CartRow>('select * from carts where id = $1 and updated_at > $2 for update', [
    id,
    lastLiveMoment(now),
  ]);
  if (rows[0] === undefined) throw emptyCart();
  return rows[0];
}

/**
 * Step 2: its lines.
 * @throws ShopError `bad_request` when there are no lines
 */
export async function readLines(db: Queryable, cart: CartRow): Promise<ItemRow[]> {
  const lines = await loadItems(db, cart.id);
  if (lines.length === 0) throw emptyCart();
  return lines;
}

/**
 * Step 3: the cart's currency.
 * @throws ShopError `bad_request` when the request names another currency
 */
export function settleCurrency(cart: CartRow, request: FastifyRequest): string {
  if (cart.currency === null) throw emptyCart();
  if (request.currency !== undefined && request.currency !== cart.currency) throw mixedCurrencies(cart.currency);
  return cart.currency;
}

/**
 * Step 4: the buyer.
 * @throws ShopError `not_found` when the customer is unknown
 * @throws ShopError `forbidden` when the customer token belongs to another customer
 */
export async function identifyCustomer(db: Queryable, request: FastifyRequest, buyer: Buyer): Promise<Customer> {
  if (!('id' in buyer)) return { id: null, ...buyer };
  const { customerId } = request.access;
  if (customerId !== undefined && customerId !== buyer.id) throw forbidden('This is another customer');
  const { rows } = isUuid(buyer.id)
    ? await db.query<Customer & { id: string }>('select id, name, email from customers where id = $1', [buyer.id])
    : { rows: [] };
  if (rows[0] === undefined) throw notFound('customer not found');
  return rows[0];
}

/** Step 5: the stock of the products. Debt 23: these rows stay locked until the last step. */
export async function lockStock(shop: Shop, db: Queryable, lines: readonly ItemRow[]): Promise<Map<string, number>> {
  const lock = shop.debts.owed('checkout-locks') ? 'for update' : '';
  const { rows } = await db.query<{ product_id: string; available: string }>(
    `select product_id, available from stock where product_id = any($1) order by product_id ${lock}`,
    [lines.flatMap((line) => (line.manage_stock && line.product_id !== null ? [line.product_id] : []))],
  );
  return new Map(rows.map((row) => [row.product_id, Number(row.available)]));
}

/**
 * Step 6: the stock suffices. Payments allocate stock; checkout does not.
 * @throws ShopError `bad_request` when stock is short
 */
export function checkStock(lines: readonly ItemRow[], available: ReadonlyMap<string, number>): void {
  for (const { product_id: id, sku, quantity, manage_stock } of lines) {
    if (manage_stock && id !== null && (available.get(id) ?? 0) < quantity) throw insufficientStock({ id, sku });
  }
}

/** Step 7: the totals, as the cart showed them. */
export function sumUp(lines: readonly ItemRow[], discounts: readonly Discount[], method: CalculationMethod): Taxed {
  return afterDiscounts(sumTotals(lines.map(pricedLine), method), discounts);
}

export interface NewOrder {
  cart: CartRow;
  currency: string;
  customer: Customer;
  totals: Taxed;
  method: CalculationMethod;
  input: CheckoutInput;
}

/** Step 8: the order; returns its id. */
export async function writeOrder(db: Queryable, order: NewOrder, now: Date): Promise<string> {
  const { cart, currency, customer, totals, method, input } = order;
  const { rows } = await db.query<{ id: string }>(
    `insert into orders (cart_id, customer_id, customer_name, customer_email, currency, with_tax, without_tax, tax,
       billing_address, shipping_address, created_at, updated_at, calculation_method)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12) returning id`,
    [
      cart.id,
      customer.id,
      customer.name,
      customer.email,
      currency,
      totals.withTax,
      totals.withoutTax,
      totals.tax,
      wholeAddress(BillingAddress, input.billing_address),
      wholeAddress(ShippingAddress, input.shipping_address),
      now,
      method,
    ],
  );
  return rows[0]?.id ?? '';
}

/** Step 9: the items, one by one, in the order of the cart. */
export async function writeItems(db: Queryable, orderId: string, lines: readonly ItemRow[], now: Date): Promise<void> {
  for (const [index, line] of lines.entries()) {
    await db.query(
      `insert into order_items (order_id, cart_item_id, product_id, name, sku, quantity, manage_stock, unit_amount,
         includes_tax, taxes, created_at, position)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
      [
        orderId,
        line.id,
        line.product_id,
        line.name,
        line.sku,
        line.quantity,
        line.manage_stock,
        line.unit_amount,
        line.includes_tax,
        JSON.stringify(line.taxes.map(({ item_id: _, ...tax }) => tax)),
        now,
        index + 1,
      ],
    );
  }
}

/**
 * Copies the fields of the lines to the items. A field of `order_items` takes the value of the field of `cart_items`
 * with the same slug and type.
 */
export async function copyFields(db: Queryable, orderId: string): Promise<void> {
  await db.query(
    `insert into order_item_field_values (owner_id, field_id, value)
     select i.id, o.id, v.value from order_items i join cart_item_field_values v on v.owner_id = i.cart_item_id
       join flow_fields c on c.id = v.field_id
       join flow_fields o on o.slug = c.slug and o.field_type = c.field_type and o.enabled
       join flows w on w.id = o.flow_id and w.slug = 'order_items' and w.enabled
     where i.order_id = $1`,
    [orderId],
  );
}

function emptyCart() {
  return refused('Bad Request', 'The cart is empty: there is nothing to check out');
}
