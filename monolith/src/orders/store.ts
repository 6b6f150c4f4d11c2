import type { Members } from '../api/body.ts';
import type { Bindings } from '../api/sql.ts';
import type { Queryable } from '../db.ts';
import type { Debts } from '../debts.ts';
import type { CalculationMethod } from '../money.ts';
import type { OrderState } from './state.ts';

export interface OrderRow extends OrderState {
  id: string;
  customer_id: string | null;
  customer_name: string;
  customer_email: string;
  currency: string;
  /** Minor units, like the three members below. */
  with_tax: number;
  without_tax: number;
  tax: number;
  /** By which its items are priced. */
  calculation_method: CalculationMethod;
  billing_address: Members;
  shipping_address: Members;
  created_at: Date;
  updated_at: Date;
}

export interface OrderTax {
  id: string;
  name?: string | null;
  jurisdiction?: string | null;
  code?: string | null;
  rate: number;
}

export interface OrderItemRow {
  id: string;
  order_id: string;
  cart_item_id: string | null;
  product_id: string | null;
  name: string;
  sku: string;
  quantity: number;
  manage_stock: boolean;
  /** Minor units. */
  unit_amount: number;
  includes_tax: boolean;
  taxes: OrderTax[];
  created_at: Date;
}

const orderColumns = `o.id, o.customer_id, o.customer_name, o.customer_email, o.status, o.payment, o.shipping, o.currency,
  o.with_tax::float8 as with_tax, o.without_tax::float8 as without_tax, o.tax::float8 as tax,
  o.calculation_method, o.billing_address, o.shipping_address, o.created_at, o.updated_at`;
const itemColumns = `id, order_id, cart_item_id, product_id, name, sku, quantity, manage_stock,
  unit_amount::float8 as unit_amount, includes_tax, taxes, created_at`;

/** Reads orders. `where` is a condition over `o`; `tail` holds order, limit and lock. */
export async function selectOrders(
  db: Queryable,
  selection: { where: string; tail: string; bindings: Bindings },
): Promise<OrderRow[]> {
  const { where, tail, bindings } = selection;
  return (await db.query<OrderRow>(`select ${orderColumns} from orders o where ${where} ${tail}`, bindings.values))
    .rows;
}

/** The items of one order, in the order of the cart. */
export async function itemsOfOrder(db: Queryable, orderId: string): Promise<OrderItemRow[]> {
  const { rows } = await db.query<OrderItemRow>(
    `select ${itemColumns} from order_items where order_id = $1 order by position, id`,
    [orderId],
  );
  return rows;
}

/** The items of a page of orders, by order id. */
export async function itemsOfOrders(
  db: Queryable,
  debts: Debts,
  orderIds: readonly string[],
): Promise<Map<string, OrderItemRow[]>> {
  if (debts.owed('order-items-one-by-one')) {
    // Debt 24: a page of a hundred orders sends a hundred more queries, one after the other.
    const items = new Map<string, OrderItemRow[]>();
    for (const id of orderIds) items.set(id, await itemsOfOrder(db, id));
    return items;
  }
  const { rows } = await db.query<OrderItemRow>(
    `select ${itemColumns} from order_items where order_id = any($1) order by position, id`,
    [orderIds],
  );
  return Map.groupBy(rows, (row) => row.order_id);
}
