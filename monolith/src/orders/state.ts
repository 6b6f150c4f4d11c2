/** The state of an order. */
export interface OrderState {
  status: 'incomplete' | 'processing' | 'complete' | 'cancelled';
  payment: 'unpaid' | 'authorized' | 'paid' | 'refunded';
  shipping: 'unfulfilled' | 'fulfilled';
}

export type OrderEvent = 'authorize' | 'capture' | 'purchase' | 'payment_failed' | 'refund' | 'fulfil' | 'cancel';

/** What happens to the stock of the order's lines. */
export type StockEffect = 'allocate' | 'deallocate' | 'ship' | 'none';

interface Transition {
  event: OrderEvent;
  from: Partial<OrderState>;
  to: Partial<OrderState>;
  stock: StockEffect;
}

/** All allowed events of an order; other events are refused. The first matching row counts. */
export const transitions: readonly Transition[] = [
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
  // The failed attempt had allocated stock before it charged.
  { event: 'payment_failed', from: { status: 'incomplete', payment: 'unpaid' }, to: {}, stock: 'deallocate' },
  { event: 'refund', from: { payment: 'paid' }, to: { payment: 'refunded' }, stock: 'none' },
  {
    event: 'fulfil',
    from: { status: 'complete', payment: 'paid', shipping: 'unfulfilled' },
    to: { shipping: 'fulfilled' },
    stock: 'ship',
  },
  // An unpaid order has no allocated stock.
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

/** The next state and the change of stock; undefined if the order does not allow the event. */
export function transition(
  state: OrderState,
  event: OrderEvent,
): { state: OrderState; stock: StockEffect } | undefined {
  const found = transitions.find((row) => row.event === event && matches(state, row.from));
  return found && { state: { ...state, ...found.to }, stock: found.stock };
}

function matches(state: OrderState, from: Partial<OrderState>): boolean {
  return Object.entries(from).every(([part, value]) => state[part as keyof OrderState] === value);
}
