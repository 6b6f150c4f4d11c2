import { type Plan, spread } from './plan.ts';
import { Random } from './random.ts';
import type { Cell, Table } from './table.ts';

const purposes = [
  { name: 'Order mails', observes: ['order.created', 'order.paid', 'order.refunded'] },
  { name: 'Warehouse', observes: ['order.paid', 'order.fulfilled', 'stock-transaction.created'] },
  { name: 'Search index', observes: ['product.created', 'product.updated', 'product.deleted'] },
  { name: 'Newsletter', observes: ['customer.created', 'customer.updated', 'customer.deleted'] },
  { name: 'Bookkeeping', observes: ['transaction.created', 'transaction.updated'] },
  { name: 'Abandoned carts', observes: ['cart.updated', 'cart.deleted'] },
] as const;

/** The integrations of a shop. All are disabled, because nothing listens at their addresses (RFC 2606). */
export function integrationTable(plan: Plan): Table {
  const random = new Random(plan.seed, 'integrations');
  const count = plan.size.integrations;
  return {
    name: 'integrations',
    columns: [
      ...['id', 'name', 'description', 'integration_type', 'enabled', 'observes', 'url', 'secret_key', 'created_at'],
      'updated_at',
    ],
    rows: Array.from({ length: count }, (_, index): Cell[] => {
      const { name, observes } = purposes[index % purposes.length] ?? purposes[0];
      const at = spread(plan, 800, index, count);
      const id = random.uuid();
      const path = name.toLowerCase().replaceAll(' ', '-');
      const secret = random.chance(70) ? random.uuid() : null;
      return [
        ...[id, name, `Tells the ${name.toLowerCase()}`, 'webhook', false, observes],
        ...[`https://hooks.example.com/${path}/${index + 1}`, secret, at, at],
      ];
    }),
  };
}

/** Exports of earlier days. Their files have expired. */
export function jobTable(plan: Plan): Table {
  const random = new Random(plan.seed, 'jobs');
  const count = plan.size.jobs;
  return {
    name: 'jobs',
    columns: ['id', 'job_type', 'filter', 'status', 'error', 'attempts', 'created_at', 'updated_at'],
    rows: Array.from({ length: count }, (_, index): Cell[] => {
      const at = spread(plan, 300, index, count);
      const id = random.uuid();
      const failed = random.chance(15);
      const since = new Date(at.getTime() - 7 * 24 * 3_600_000).toISOString().slice(0, 10);
      const filter = failed
        ? 'gt(with_tax,99999999999)'
        : random.pick(['', 'eq(payment,paid)', `gt(created_at,${since})`]);
      const error = failed ? 'No orders match the filter' : null;
      return [id, 'order_export', filter, failed ? 'failed' : 'complete', error, 1, at, new Date(at.getTime() + 4_000)];
    }),
  };
}
