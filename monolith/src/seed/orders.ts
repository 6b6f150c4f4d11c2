import { sumTotals } from '../money.ts';
import { currencies, type SeededCurrency } from './currencies.ts';
import type { SeededCustomer } from './customers.ts';
import { type Plan, spread } from './plan.ts';
import type { SeededProduct } from './products.ts';
import { Random } from './random.ts';

export interface SeededOrder {
  id: string;
  cartId: string;
  customer: SeededCustomer;
  state: OrderState;
  currency: SeededCurrency;
  items: SeededItem[];
  /** Minor units. */
  totals: { withTax: number; withoutTax: number; tax: number };
  transactionId: string;
  createdAt: Date;
}

export interface SeededItem {
  id: string;
  cartItemId: string;
  product: SeededProduct;
  quantity: number;
  /** Minor units. */
  unitAmount: number;
  taxes: { id: string; name: string; jurisdiction: string; rate: number }[];
}

export interface OrderState {
  status: 'incomplete' | 'processing' | 'complete';
  payment: 'unpaid' | 'authorized' | 'paid' | 'refunded';
  shipping: 'unfulfilled' | 'fulfilled';
  /** The state of the order's one transaction; absent while the order is unpaid. */
  transaction?: 'authorize' | 'capture' | 'refund';
}

const shipped: OrderState = { status: 'complete', payment: 'paid', shipping: 'fulfilled', transaction: 'capture' };
const paid: OrderState = { status: 'complete', payment: 'paid', shipping: 'unfulfilled', transaction: 'capture' };
const authorized: OrderState = {
  status: 'processing',
  payment: 'authorized',
  shipping: 'unfulfilled',
  transaction: 'authorize',
};
const refunded: OrderState = { status: 'complete', payment: 'refunded', shipping: 'fulfilled', transaction: 'refund' };
const abandoned: OrderState = { status: 'incomplete', payment: 'unpaid', shipping: 'unfulfilled' };
// Seventy of a hundred are shipped; the others are in transit, refunded or unpaid.
const states: readonly OrderState[] = [
  ...Array<OrderState>(14).fill(shipped),
  ...Array<OrderState>(2).fill(paid),
  authorized,
  refunded,
  ...Array<OrderState>(2).fill(abandoned),
];

export function* planOrders(
  plan: Plan,
  customers: readonly SeededCustomer[],
  products: readonly SeededProduct[],
): Generator<SeededOrder> {
  const random = new Random(plan.seed, 'orders');
  const live = products.filter((product) => product.live);
  const { orders: count } = plan.size;
  for (let index = 0; index < count; index += 1) {
    const currency = random.pick(currencies);
    const items = Array.from({ length: random.int(1, 4) }, () => itemOf(random, live, currency));
    yield {
      id: random.uuid(),
      cartId: random.hex(16),
      customer: random.pick(customers),
      state: random.pick(states),
      currency,
      items,
      totals: sumTotals(
        items.map(({ unitAmount, quantity, taxes }) => ({
          unitAmount,
          quantity,
          includesTax: true,
          rates: taxes.map(({ rate }) => rate),
        })),
        'simple',
      ),
      transactionId: random.uuid(),
      createdAt: spread(plan, 720, index, count),
    };
  }
}

function itemOf(random: Random, products: readonly SeededProduct[], { code, taxPercent }: SeededCurrency): SeededItem {
  const product = random.pick(products);
  const tax = { id: random.uuid(), name: 'VAT', jurisdiction: code === 'GBP' ? 'UK' : 'EU', rate: taxPercent / 100 };
  return {
    id: random.uuid(),
    cartItemId: random.uuid(),
    product,
    quantity: random.chance(75) ? 1 : random.int(2, 5),
    unitAmount: product.prices[code] ?? 0,
    taxes: taxPercent === 0 ? [] : [tax],
  };
}
