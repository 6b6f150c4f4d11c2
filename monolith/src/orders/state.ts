/** Where an order stands. */
export interface OrderState {
  status: 'incomplete' | 'processing' | 'complete' | 'cancelled';
  payment: 'unpaid' | 'authorized' | 'paid' | 'refunded';
  shipping: 'unfulfilled' | 'fulfilled';
}

export type OrderEvent = 'authorize' | 'capture' | 'purchase' | 'payment_failed' | 'refund' | 'fulfil' | 'cancel';

/** What becomes of the stock of the order's lines. */
export type StockEffect = 'allocate' | 'deallocate' | 'ship' | 'none';

interface Transition {
  event: OrderEvent;
  from: Partial<OrderState>;
  to: Partial<OrderState>;
  stock: StockEffect;
}

/** All that can happen to an order; what is not here is refused. The first row that matches counts. */
export const TRANSITIONS: readonly Transition[] = [
  {
    event: 'authorize',
    from: { status: 'incomplete', payment: 'unpaid' },
    to: { status: 'processing', payment: 'authorized' },
    stock: 'allocate',
  },
  {
    event: 'purchase',
    from: { status: 'incomplete', payment: 'unpaid' },
    to: { status: 'complete', payment: 'paid' },
    stock: 'allocate',
  },
  {
    event: 'capture',
    from: { status: 'processing', payment: 'authorized' },
    to: { status: 'complete', payment: 'paid' },
    stock: 'none',
  },
  // The attempt allocated before it charged.
  { event: 'payment_failed', from: { status: 'incomplete', payment: 'unpaid' }, to: {}, stock: 'deallocate' },
  { event: 'refund', from: { payment: 'paid' }, to: { payment: 'refunded' }, stock: 'none' },
  {
    event: 'fulfil',
    from: { status: 'complete', payment: 'paid', shipping: 'unfulfilled' },
    to: { shipping: 'fulfilled' },
    stock: 'ship',
  },
  // Nothing was allocated to an order that nobody paid for.
  {
    event: 'cancel',
    from: { status: 'incomplete', payment: 'unpaid', shipping: 'unfulfilled' },
    to: { status: 'cancelled' },
    stock: 'none',
  },
  {
    event: 'cancel',
    from: { status: 'processing', shipping: 'unfulfilled' },
    to: { status: 'cancelled' },
    stock: 'deallocate',
  },
  {
    event: 'cancel',
    from: { status: 'complete', shipping: 'unfulfilled' },
    to: { status: 'cancelled' },
    stock: 'deallocate',
  },
];

/** Where an event leads, and what it does to the stock; undefined where the order cannot take it. */
export function transition(
  state: OrderState,
  event: OrderEvent,
): { state: OrderState; stock: StockEffect } | undefined {
  const found = TRANSITIONS.find((row) => row.event === event && matches(state, row.from));
  return found && { state: { ...state, ...found.to }, stock: found.stock };
}

function matches(state: OrderState, from: Partial<OrderState>): boolean {
  return Object.entries(from).every(([part, value]) => state[part as keyof OrderState] === value);
}
