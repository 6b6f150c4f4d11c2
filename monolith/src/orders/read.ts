import type { FastifyRequest } from 'fastify';
import { forbidden, notFound } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import { allOf, Bindings } from '../api/sql.ts';
import { styleOf } from '../currencies/style.ts';
import type { Queryable } from '../db.ts';
import { withFields, withFieldsOf } from '../flows/entity-fields.ts';
import { includedByFields, joined } from '../flows/includes.ts';
import { owners } from '../flows/owners.ts';
import { filterConditions } from '../lists/filter-fields.ts';
import { includedMember, includeOf, listReply, queryOf, readListQuery } from '../lists/query.ts';
import { orderBy } from '../lists/sort.ts';
import type { CurrencyStyle } from '../money.ts';
import { type UseRow, usesOfOrders, useView } from '../promotions/uses.ts';
import type { Shop } from '../shop.ts';
import { orderFilters, orderSorts } from './filters.ts';
import { itemsOfOrder, itemsOfOrders, type OrderItemRow, type OrderRow, selectOrders } from './store.ts';
import { orderItemView, orderView } from './view.ts';

/** `GET /v2/orders`: all orders, or those of the customer. */
export async function listOrders(shop: Shop, request: FastifyRequest) {
  const query = await readListQuery(shop, request);
  const bindings = new Bindings();
  const where = allOf([...ownOnly(request, bindings), ...filterConditions(query.filter, orderFilters, bindings)]);
  const count = await shop.db.query<{ total: string }>(
    `select count(*) as total from orders o where ${where}`,
    bindings.values,
  );
  const order = orderBy(query.sort, orderSorts, 'o.created_at, o.id', 'o.created_at desc, o.id desc');
  const tail = `${order} limit ${bindings.add(query.page.limit)} offset ${bindings.add(query.page.offset)}`;
  const orders = await selectOrders(shop.db, { where, tail, bindings });
  const ids = orders.map(({ id }) => id);
  const items = await itemsOfOrders(shop.db, shop.debts, ids);
  const uses = await usesOfOrders(shop.db, ids);
  const styles = await stylesOf(shop.db, orders);
  const shown = orders.map((each) => {
    const style = styles(each.currency);
    const lines = itemViews(each, items.get(each.id) ?? [], uses.get(each.id) ?? [], style);
    return { order: orderView(each, lines, style), items: lines };
  });
  const included = joined(
    query.include.has('items')
      ? {
          items: await withFields(
            shop,
            shop.db,
            owners.order_items,
            shown.flatMap((each) => each.items),
          ),
        }
      : {},
    await includedByFields(shop, request, owners.orders, ids, query.include),
  );
  const data = await withFields(
    shop,
    shop.db,
    owners.orders,
    shown.map((each) => each.order),
  );
  return listReply(shop, request, query.page, Number(count.rows[0]?.total ?? 0), data, included);
}

/**
 * One order, with its items if the client wants them.
 * @throws ShopError `not_found` when the order does not exist, or is another customer's
 */
export async function getOrder(shop: Shop, request: FastifyRequest, id: string) {
  const order = await findOrder(shop.db, request, id);
  const include = includeOf(queryOf(request));
  const linked = await includedByFields(shop, request, owners.orders, [order.id], include);
  return orderReply(shop, shop.db, order, include.has('items'), linked);
}

export async function orderReply(
  shop: Shop,
  db: Queryable,
  order: OrderRow,
  withItems: boolean,
  linked: Record<string, unknown[]> = {},
) {
  const items = await itemsReply(shop, db, order);
  const view = orderView(order, items, await styleOf(db, order.currency));
  const data = await withFieldsOf(shop, db, owners.orders, view);
  return { data, ...includedMember(joined({ items: withItems ? items : [] }, linked)) };
}

/** The items of one order in the form of the API: its goods, then its discounts. */
export async function itemsReply(shop: Shop, db: Queryable, order: OrderRow) {
  const items = await itemsOfOrder(db, order.id);
  const uses = await usesOfOrders(db, [order.id]);
  const views = itemViews(order, items, uses.get(order.id) ?? [], await styleOf(db, order.currency));
  return withFields(shop, db, owners.order_items, views);
}

function itemViews(
  { calculation_method: method }: OrderRow,
  items: readonly OrderItemRow[],
  uses: readonly UseRow[],
  style: CurrencyStyle,
) {
  return [
    ...items.map((item) => orderItemView(item, method, style)),
    ...uses.map((use) => useView(use, method, style)),
  ];
}

/**
 * Reads an order; `lock` keeps it unchanged until the end of the transaction.
 * @throws ShopError `not_found` when the order does not exist, or is another customer's
 * @throws ShopError `forbidden` when the token is implicit and names no customer
 */
export async function findOrder(db: Queryable, request: FastifyRequest, id: string, lock = false): Promise<OrderRow> {
  if (!isUuid(id)) throw orderMissing();
  const bindings = new Bindings();
  const where = allOf([`o.id = ${bindings.add(id)}`, ...ownOnly(request, bindings)]);
  const [order] = await selectOrders(db, { where, tail: lock ? 'for update' : '', bindings });
  if (order === undefined) throw orderMissing();
  return order;
}

/**
 * Locks an order to pay. Every client that knows the id may pay, except for orders of another customer.
 * @throws ShopError `not_found` when the order does not exist, or is another customer's
 */
export async function lockOrderToPay(db: Queryable, request: FastifyRequest, id: string): Promise<OrderRow> {
  if (!isUuid(id)) throw orderMissing();
  const bindings = new Bindings();
  const where = `o.id = ${bindings.add(id)}`;
  const [order] = await selectOrders(db, { where, tail: 'for update', bindings });
  const { customerId } = request.access;
  const isAnothers = customerId !== undefined && order?.customer_id != null && order.customer_id !== customerId;
  if (order === undefined || isAnothers) throw orderMissing();
  return order;
}

function ownOnly(request: FastifyRequest, bindings: Bindings): string[] {
  const { kind, customerId } = request.access;
  if (customerId !== undefined) return [`o.customer_id = ${bindings.add(customerId)}`];
  if (kind === 'implicit') throw forbidden('Orders need a customer token or client credentials');
  return [];
}

async function stylesOf(db: Queryable, orders: readonly OrderRow[]): Promise<(code: string) => CurrencyStyle> {
  const styles = new Map<string, CurrencyStyle>();
  for (const code of new Set(orders.map((order) => order.currency))) styles.set(code, await styleOf(db, code));
  return (code) => {
    const style = styles.get(code);
    if (style === undefined) throw new Error(`No style was read for ${code}`);
    return style;
  };
}

export function orderMissing() {
  return notFound('The requested order could not be found');
}
