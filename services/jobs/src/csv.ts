import type { Order, OrderItem } from './order.ts';

type Cell = string | number | boolean | null;

const addressMembers = [
  ...['first_name', 'last_name', 'company_name', 'line_1', 'line_2', 'city', 'postcode', 'county', 'country'],
];

/** The columns of an export of orders: one line for each item, with the members of its order repeated. */
const columns: readonly (readonly [name: string, cell: (order: Order, item: OrderItem) => Cell])[] = [
  ['order_id', (order) => order.id],
  ['created_at', (order) => order.createdAt],
  ['updated_at', (order) => order.updatedAt],
  ['status', (order) => order.status],
  ['payment', (order) => order.payment],
  ['shipping', (order) => order.shipping],
  ['currency', (order) => order.currency],
  // Minor units, like unit_amount.
  ['with_tax', (order) => order.withTax],
  ['without_tax', (order) => order.withoutTax],
  ['tax', (order) => order.tax],
  ['customer_id', (order) => order.customerId],
  ['customer_name', (order) => order.customerName],
  ['customer_email', (order) => order.customerEmail],
  ...addressColumns('billing', (order) => order.billing),
  ...addressColumns('shipping', (order) => order.shippingTo),
  ['item_id', (_, item) => item.id],
  ['product_id', (_, item) => item.productId],
  ['sku', (_, item) => item.sku],
  ['name', (_, item) => item.name],
  ['quantity', (_, item) => item.quantity],
  ['unit_amount', (_, item) => item.unitAmount],
  ['includes_tax', (_, item) => item.includesTax],
];

function addressColumns(name: string, of: (order: Order) => Order['billing']) {
  return addressMembers.map((member) => {
    const cell = (order: Order): Cell => {
      const value = of(order)[member];
      return typeof value === 'string' ? value : null;
    };
    return [`${name}_${member}`, cell] as const;
  });
}

/** The first line of a file (RFC 4180). */
export const csvHead = lineOf(columns.map(([name]) => name));

/** The lines of one order. */
export function csvOrder(order: Order): string {
  return order.items.map((item) => lineOf(columns.map(([, cell]) => cell(order, item)))).join('');
}

/** One line. Texts that a spreadsheet would run as a formula get an apostrophe: shoppers write them. */
export function lineOf(cells: readonly Cell[]): string {
  return `${cells.map(cellText).join(',')}\r\n`;
}

function cellText(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  const safe = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
