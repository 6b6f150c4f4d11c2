import type { Micros } from '@banyan/kit/api';
import { type Duckdb, type DuckdbTransaction, keyedTable, type Queryable, statement } from '@banyan/kit/duckdb';
import { csvOrder } from './csv.ts';
import { type OrdersWhere, ordersWhere } from './filter.ts';
import { microsIn, nameIn, type Order, textIn } from './order.ts';

/** Where a reader of orders stands: the last order that it has read. */
export interface OrderPlace {
  createdAt: Micros;
  id: string;
}

/** The copy of the orders, and how far it was read from their owner. */
export interface OrdersStore {
  /** Writes one order that a fact told of, or deletes it (null). */
  tell(tx: DuckdbTransaction, id: string, order: Order | null): Promise<void>;
  /** Writes orders as their owner has them now. */
  take(orders: readonly Order[]): Promise<void>;
  /** Ids of orders that facts told of since the owner was asked for them, at most 100. */
  told(): Promise<string[]>;
  count(): Promise<number>;
  drop(ids: readonly string[]): Promise<void>;
  /** Deletes all orders but these. */
  keepOnly(ids: ReadonlySet<string>): Promise<void>;
  /** Up to where the owner was read; null: not yet. */
  position(): Promise<string | null>;
  setPosition(position: string): Promise<void>;
  /** The lines of an export's next orders, oldest first. An empty list ends it. */
  lines(filter: string, after: OrderPlace | null): Promise<(OrderPlace & { lines: string })[]>;
}

const linesAtOnce = 500;

interface OrderRow {
  id: string;
  status: string;
  payment: string;
  shipping: string;
  currency: string;
  with_tax: number;
  without_tax: number;
  tax: number;
  customer_id: string | null;
  customer_name: string;
  customer_email: string;
  shipping_name: string | null;
  shipping_postcode: string | null;
  billing_name: string | null;
  billing_postcode: string | null;
  created_at_us: Micros;
  updated_at_us: Micros;
  lines: string;
  /** Whether a fact told of it. */
  told: boolean;
}

const table = keyedTable<OrderRow>({
  name: 'orders',
  columns: {
    ...{ id: 'VARCHAR', status: 'VARCHAR', payment: 'VARCHAR', shipping: 'VARCHAR', currency: 'VARCHAR' },
    ...{ with_tax: 'BIGINT', without_tax: 'BIGINT', tax: 'BIGINT' },
    ...{ customer_id: 'VARCHAR', customer_name: 'VARCHAR', customer_email: 'VARCHAR' },
    ...{ shipping_name: 'VARCHAR', shipping_postcode: 'VARCHAR', billing_name: 'VARCHAR', billing_postcode: 'VARCHAR' },
    ...{ created_at_us: 'BIGINT', updated_at_us: 'BIGINT', lines: 'VARCHAR', told: 'BOOLEAN' },
  },
});

const rowOf = (order: Order, told: boolean): OrderRow => ({
  ...{ id: order.id, status: order.status, payment: order.payment, shipping: order.shipping },
  ...{ currency: order.currency, with_tax: order.withTax, without_tax: order.withoutTax, tax: order.tax },
  ...{ customer_id: order.customerId, customer_name: order.customerName, customer_email: order.customerEmail },
  shipping_name: nameIn(order.shippingTo),
  shipping_postcode: textIn(order.shippingTo, 'postcode'),
  billing_name: nameIn(order.billing),
  billing_postcode: textIn(order.billing, 'postcode'),
  created_at_us: microsIn(order.createdAt),
  updated_at_us: microsIn(order.updatedAt),
  lines: csvOrder(order),
  told,
});

const idsIn = `(select unnest(from_json(?::json, '["VARCHAR"]')))`;
const dropItems = statement<object, [string]>('items_drop', `delete from order_items where order_id in ${idsIn}`);
const dropOrders = statement<object, [string]>('orders_drop', `delete from orders where id in ${idsIn}`);
const told = statement<{ id: string }>('orders_told', 'select id from orders where told order by id limit 100');
const count = statement<{ total: number }>('orders_count', 'select count(*) as total from orders');
const ids = statement<{ id: string }>('orders_ids', 'select id from orders');
const position = statement<{ position: string | null }>('orders_position', 'select position from orders_read');
const setPosition = statement<object, [string]>('orders_set_position', 'update orders_read set position = ?');

export function ordersStore(db: Duckdb): OrdersStore {
  const write = async (tx: DuckdbTransaction, orders: readonly Order[], isTold: boolean) => {
    if (orders.length === 0) return;
    await table.put(
      tx,
      orders.map((order) => rowOf(order, isTold)),
    );
    await tx.run(dropItems, [JSON.stringify(orders.map(({ id }) => id))]);
    await tx.append('order_items', orders.flatMap(itemRows));
  };
  const remove = async (tx: Queryable, gone: readonly string[]) => {
    for (const one of [dropOrders, dropItems]) await tx.run(one, [JSON.stringify(gone)]);
  };
  return {
    tell: (tx, id, order) => (order === null ? remove(tx, [id]) : write(tx, [order], true)),
    take: (orders) => db.transaction((tx: DuckdbTransaction) => write(tx, orders, false)),
    told: async () => (await db.query(told, [])).map(({ id }) => id),
    count: async () => (await db.query(count, []))[0]?.total ?? 0,
    drop: async (gone) => {
      if (gone.length > 0) await db.transaction((tx) => remove(tx, gone));
    },
    keepOnly: async (kept) => {
      const gone = (await db.query(ids, [])).map(({ id }) => id).filter((id) => !kept.has(id));
      if (gone.length > 0) await db.transaction((tx) => remove(tx, gone));
    },
    position: async () => (await db.query(position, []))[0]?.position ?? null,
    setPosition: async (text) => {
      await db.run(setPosition, [text]);
    },
    lines: async (filter, after) => {
      const { text, values } = withPlace(ordersWhere(filter), after);
      const next = statement<{ id: string; created_at_us: number; lines: string }, (string | number | boolean)[]>(
        '',
        `select id, created_at_us, lines from orders where ${text} order by created_at_us, id limit ${linesAtOnce}`,
      );
      return (await db.query(next, values)).map((row) => ({
        id: row.id,
        createdAt: row.created_at_us,
        lines: row.lines,
      }));
    },
  };
}

function withPlace({ text, values }: OrdersWhere, after: OrderPlace | null): OrdersWhere {
  if (after === null) return { text, values };
  return {
    text: `${text} and (created_at_us > ? or (created_at_us = ? and id > ?))`,
    values: [...values, after.createdAt, after.createdAt, after.id],
  };
}

/** In the order of the table. */
const itemRows = ({ id, items }: Order) =>
  items.map(({ productId, sku, name, quantity, unitAmount }) => [id, productId, sku, name, quantity, unitAmount]);
