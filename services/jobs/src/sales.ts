import { badRequest, type Query } from '@banyan/kit/api';
import { type Queryable, statement } from '@banyan/kit/duckdb';
import type { SalesLine } from './contract.ts';
import { microsIn } from './order.ts';

/** The most lines of a report. */
const maxLines = 1_000;

const moment = 'make_timestamp(orders.created_at_us)';
const ofOrders = {
  from: `(select orders.*, coalesce(goods.items, 0) as items from orders
          left join (select order_id, sum(quantity)::bigint as items from order_items group by order_id) as goods
            on goods.order_id = orders.id) as orders`,
  items: 'sum(items)::bigint',
  amount: 'sum(with_tax)::bigint',
};
const ofItems = {
  from: 'order_items join orders on orders.id = order_items.order_id',
  items: 'sum(quantity)::bigint',
  amount: 'sum(quantity * unit_amount)::bigint',
};

/** What sales are grouped by, and what they are counted over. */
const groups = {
  day: { key: `strftime(${moment}, '%Y-%m-%d')`, order: 'key, currency', ...ofOrders },
  month: { key: `strftime(${moment}, '%Y-%m')`, order: 'key, currency', ...ofOrders },
  currency: { key: 'currency', order: 'key', ...ofOrders },
  /** The prices of goods before discounts. */
  product: { key: 'sku', order: 'amount desc, key, currency', ...ofItems },
} as const;

export interface SalesAsked {
  by: keyof typeof groups;
  /** Microseconds: orders that were made at or after the first and before the second. */
  from: number;
  to: number;
}

/**
 * Reads `by` (day, month, currency or product), and `from` and `to` (dates, UTC; `to` is not included).
 *
 * @throws ServiceError `bad_request`
 */
export function salesAsked({ by = 'day', from, to }: Query): SalesAsked {
  if (!Object.hasOwn(groups, by)) throw badRequest(`by is one of ${Object.keys(groups).join(', ')}`, 'by');
  return { by: by as SalesAsked['by'], from: dayOf('from', from, 0), to: dayOf('to', to, Number.MAX_SAFE_INTEGER) };
}

/** What was sold: orders that are paid and were not refunded, by currency. At most a thousand lines. */
export async function sales(db: Queryable, { by, from, to }: SalesAsked): Promise<SalesLine[]> {
  const { key, from: tables, items, amount, order } = groups[by];
  const report = statement<SalesLine, [number, number]>(
    `sales_${by}`,
    `select ${key} as key, orders.currency as currency, count(distinct orders.id) as orders, ${items} as items,
       ${amount} as amount
     from ${tables}
     where orders.payment = 'paid' and orders.created_at_us >= ? and orders.created_at_us < ?
     group by all order by ${order} limit ${maxLines}`,
  );
  return db.query(report, [from, to]);
}

function dayOf(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const micros = /^\d{4}-\d{2}-\d{2}$/.test(text) ? microsIn(`${text}T00:00:00.000Z`) : Number.NaN;
  if (!Number.isSafeInteger(micros)) throw badRequest(`${name} is a date such as 2026-01-31`, name);
  return micros;
}
