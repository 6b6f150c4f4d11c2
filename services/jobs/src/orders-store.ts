import type { Micros } from '@banyan/kit/api';
import { type Duckdb, type DuckdbTransaction, type Queryable, statement } from '@banyan/kit/duckdb';
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
  tell(tx: Queryable, id: string, order: Order | null): Promise<void>;
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

const orderColumns: Readonly<Record<string, { type: string; of(order: Order): string | number | boolean | null }>> = {
  id: { type: 'VARCHAR', of: (order) => order.id },
  status: { type: 'VARCHAR', of: (order) => order.status },
  payment: { type: 'VARCHAR', of: (order) => order.payment },
  shipping: { type: 'VARCHAR', of: (order) => order.shipping },
  currency: { type: 'VARCHAR', of: (order) => order.currency },
  with_tax: { type: 'BIGINT', of: (order) => order.withTax },
  without_tax: { type: 'BIGINT', of: (order) => order.withoutTax },
  tax: { type: 'BIGINT', of: (order) => order.tax },
  customer_id: { type: 'VARCHAR', of: (order) => order.customerId },
  customer_name: { type: 'VARCHAR', of: (order) => order.customerName },
  customer_email: { type: 'VARCHAR', of: (order) => order.customerEmail },
  shipping_name: { type: 'VARCHAR', of: (order) => nameIn(order.shippingTo) },
  shipping_postcode: { type: 'VARCHAR', of: (order) => textIn(order.shippingTo, 'postcode') },
  billing_name: { type: 'VARCHAR', of: (order) => nameIn(order.billing) },
  billing_postcode: { type: 'VARCHAR', of: (order) => textIn(order.billing, 'postcode') },
  created_at_us: { type: 'BIGINT', of: (order) => microsIn(order.createdAt) },
  updated_at_us: { type: 'BIGINT', of: (order) => microsIn(order.updatedAt) },
  lines: { type: 'VARCHAR', of: csvOrder },
};
const names = Object.keys(orderColumns);
const members = Object.entries(orderColumns).map(([name, { type }]) => `"${name}":"${type}"`);

/** Values: the rows, and whether a fact told of them. */
const upsert = statement<object, [string, boolean]>(
  'orders_upsert',
  `insert into orders (${names.join(', ')}, told)
   select ${names.join(', ')}, $2::boolean
   from (select unnest(from_json($1::json, '[{${members.join(',')}}]'), recursive := true))
   on conflict (id) do update set ${[...names.slice(1), 'told'].map((name) => `${name} = excluded.${name}`).join(', ')}`,
);
const idsIn = `(select unnest(from_json(?::json, '["VARCHAR"]')))`;
const dropItems = statement<object, [string]>('items_drop', `delete from order_items where order_id in ${idsIn}`);
const dropOrders = statement<object, [string]>('orders_drop', `delete from orders where id in ${idsIn}`);
const insertItems = statement<object, [string]>(
  'items_insert',
  `insert into order_items (order_id, product_id, sku, name, quantity, unit_amount)
   select order_id, product_id, sku, name, quantity, unit_amount from (select unnest(from_json(?::json,
     '[{"order_id":"VARCHAR","product_id":"VARCHAR","sku":"VARCHAR","name":"VARCHAR","quantity":"BIGINT","unit_amount":"BIGINT"}]'),
     recursive := true))`,
);
const told = statement<{ id: string }>('orders_told', 'select id from orders where told order by id limit 100');
const count = statement<{ total: number }>('orders_count', 'select count(*) as total from orders');
const ids = statement<{ id: string }>('orders_ids', 'select id from orders');
const position = statement<{ position: string | null }>('orders_position', 'select position from orders_read');
const setPosition = statement<object, [string]>('orders_set_position', 'update orders_read set position = ?');

export function ordersStore(db: Duckdb): OrdersStore {
  const write = async (tx: Queryable, orders: readonly Order[], isTold: boolean) => {
    if (orders.length === 0) return;
    const rows = orders.map((order) => Object.fromEntries(names.map((name) => [name, orderColumns[name]?.of(order)])));
    await tx.run(upsert, [JSON.stringify(rows), isTold]);
    await tx.run(dropItems, [JSON.stringify(orders.map(({ id }) => id))]);
    await tx.run(insertItems, [JSON.stringify(orders.flatMap(itemRows))]);
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

const itemRows = ({ id, items }: Order) =>
  items.map(({ productId, sku, name, quantity, unitAmount }) => ({
    ...{ order_id: id, product_id: productId, sku, name, quantity },
    unit_amount: unitAmount,
  }));
