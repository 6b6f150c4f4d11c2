import type { SeededOrder } from './orders.ts';
import type { Plan } from './plan.ts';
import type { SeededProduct } from './products.ts';
import { Random } from './random.ts';
import type { Cell, Table } from './table.ts';

const paymentDelayMs = 60_000;

export function orderTables(orders: Iterable<SeededOrder>): Table[] {
  return [
    {
      name: 'orders',
      columns: [
        'id',
        'cart_id',
        'customer_id',
        'customer_name',
        'customer_email',
        'status',
        'payment',
        'shipping',
        'currency',
        'with_tax',
        'without_tax',
        'tax',
        'billing_address',
        'shipping_address',
        'created_at',
        'updated_at',
      ],
      rows: map(orders, (order) => [orderRow(order)]),
    },
    {
      name: 'order_items',
      columns: [
        'id',
        'order_id',
        'cart_item_id',
        'product_id',
        'name',
        'sku',
        'quantity',
        'manage_stock',
        'unit_amount',
        'includes_tax',
        'taxes',
        'created_at',
        'position',
      ],
      rows: map(orders, itemRows),
    },
    {
      name: 'transactions',
      columns: [
        'id',
        'order_id',
        'gateway',
        'reference',
        'amount',
        'currency',
        'transaction_type',
        'status',
        'created_at',
        'updated_at',
      ],
      rows: map(orders, transactionRows),
    },
  ];
}

function* map(orders: Iterable<SeededOrder>, rowsOf: (order: SeededOrder) => Cell[][]): Generator<Cell[]> {
  for (const order of orders) yield* rowsOf(order);
}

function orderRow({ id, cartId, customer, state, currency, totals, createdAt }: SeededOrder): Cell[] {
  const { address } = customer;
  return [
    id,
    cartId,
    customer.id,
    `${customer.firstName} ${customer.lastName}`,
    customer.email,
    state.status,
    state.payment,
    state.shipping,
    currency.code,
    totals.withTax,
    totals.withoutTax,
    totals.tax,
    { json: address },
    { json: { ...address, phone_number: '', instructions: '' } },
    createdAt,
    paidAt(createdAt),
  ];
}

function itemRows({ id, items, createdAt }: SeededOrder): Cell[][] {
  return items.map(({ id: itemId, cartItemId, product, quantity, unitAmount, taxes }, index) => [
    itemId,
    id,
    cartItemId,
    product.id,
    product.name,
    product.sku,
    quantity,
    product.manageStock,
    unitAmount,
    true,
    { json: taxes },
    createdAt,
    index + 1,
  ]);
}

function transactionRows({ id, transactionId, state, currency, totals, createdAt }: SeededOrder): Cell[][] {
  if (state.transaction === undefined) return [];
  const at = paidAt(createdAt);
  return [
    [transactionId, id, 'manual', 'manual', totals.withTax, currency.code, state.transaction, 'complete', at, at],
  ];
}

function paidAt(createdAt: Date): Date {
  return new Date(createdAt.getTime() + paymentDelayMs);
}

/** The stock of every product that has stock: paid goods that are not shipped yet are allocated. */
export function stockTables(plan: Plan, products: readonly SeededProduct[], orders: Iterable<SeededOrder>): Table[] {
  const random = new Random(plan.seed, 'stock');
  const allocated = new Map<string, number>();
  for (const { state, items } of orders) {
    const waits = state.shipping === 'unfulfilled' && (state.payment === 'paid' || state.payment === 'authorized');
    for (const { product, quantity } of waits ? items : []) {
      if (product.manageStock) allocated.set(product.id, (allocated.get(product.id) ?? 0) + quantity);
    }
  }
  const levels = products
    .filter((product) => product.manageStock)
    .map(({ id, createdAt }) => ({ id, createdAt, available: random.int(0, 500), allocated: allocated.get(id) ?? 0 }));
  return [
    {
      name: 'stock',
      columns: ['product_id', 'available', 'allocated', 'updated_at'],
      rows: levels.map((level): Cell[] => [level.id, level.available, level.allocated, plan.until]),
    },
    {
      name: 'stock_transactions',
      columns: ['id', 'product_id', 'action', 'quantity', 'created_at'],
      rows: levels.flatMap((level): Cell[][] => [
        [random.uuid(), level.id, 'create', level.available + level.allocated, level.createdAt],
        ...(level.allocated > 0 ? [[random.uuid(), level.id, 'allocate', level.allocated, plan.until]] : []),
      ]),
    },
  ];
}
