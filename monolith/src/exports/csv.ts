import type { OrderItemRow, OrderRow } from '../orders/store.ts';

type Cell = string | number | boolean | Date | null;

const addressMembers = [
  'first_name',
  'last_name',
  'company_name',
  'line_1',
  'line_2',
  'city',
  'postcode',
  'county',
  'country',
];

/** The columns of an export of orders: one line for each item, with the members of its order repeated. */
const columns: readonly (readonly [name: string, cell: (order: OrderRow, item: OrderItemRow) => Cell])[] = [
  ['order_id', (order) => order.id],
  ['created_at', (order) => order.created_at],
  ['updated_at', (order) => order.updated_at],
  ['status', (order) => order.status],
  ['payment', (order) => order.payment],
  ['shipping', (order) => order.shipping],
  ['currency', (order) => order.currency],
  // Minor units, like unit_amount.
  ['with_tax', (order) => order.with_tax],
  ['without_tax', (order) => order.without_tax],
  ['tax', (order) => order.tax],
  ['customer_id', (order) => order.customer_id],
  ['customer_name', (order) => order.customer_name],
  ['customer_email', (order) => order.customer_email],
  ...addressColumns('billing', ({ billing_address }) => billing_address),
  ...addressColumns('shipping', ({ shipping_address }) => shipping_address),
  ['item_id', (_, item) => item.id],
  ['product_id', (_, item) => item.product_id],
  ['sku', (_, item) => item.sku],
  ['name', (_, item) => item.name],
  ['quantity', (_, item) => item.quantity],
  ['unit_amount', (_, item) => item.unit_amount],
  ['includes_tax', (_, item) => item.includes_tax],
];

function addressColumns(name: string, of: (order: OrderRow) => Record<string, unknown>) {
  return addressMembers.map((member) => {
    const cell = (order: OrderRow): Cell => {
      const value = of(order)[member];
      return typeof value === 'string' ? value : null;
    };
    return [`${name}_${member}`, cell] as const;
  });
}

/** The first line of a file (RFC 4180). */
export function csvHead(): string {
  return lineOf(columns.map(([name]) => name));
}

/** The lines of one order. */
export function csvOrder(order: OrderRow, items: readonly OrderItemRow[]): string {
  return items.map((item) => lineOf(columns.map(([, cell]) => cell(order, item)))).join('');
}

/** One line. Texts that a spreadsheet would run as a formula get an apostrophe: shoppers write them. */
export function lineOf(cells: readonly Cell[]): string {
  return `${cells.map(cellText).join(',')}\r\n`;
}

function cellText(cell: Cell): string {
  if (cell === null) return '';
  if (cell instanceof Date) return cell.toISOString();
  if (typeof cell !== 'string') return String(cell);
  const safe = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
