import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type OrderEvent, type OrderState, type StockEffect, transition } from './state.ts';

const newOrder: OrderState = { status: 'incomplete', payment: 'unpaid', shipping: 'unfulfilled' };
const allEvents: OrderEvent[] = ['authorize', 'capture', 'purchase', 'payment_failed', 'refund', 'fulfil', 'cancel'];

function run(events: readonly OrderEvent[]): { state: OrderState; stock: StockEffect[]; refused: OrderEvent[] } {
  let state = newOrder;
  const stock: StockEffect[] = [];
  const refused: OrderEvent[] = [];
  for (const event of events) {
    const next = transition(state, event);
    if (next === undefined) refused.push(event);
    else {
      state = next.state;
      stock.push(next.stock);
    }
  }
  return { state, stock, refused };
}

describe('an order', () => {
  test('is authorized, captured, fulfilled', () => {
    const { state, stock } = run(['authorize', 'capture', 'fulfil']);
    assert.deepEqual(state, { status: 'complete', payment: 'paid', shipping: 'fulfilled' });
    assert.deepEqual(stock, ['allocate', 'none', 'ship']);
  });

  test('is paid at once and refunded', () => {
    assert.deepEqual(run(['purchase', 'refund']).state, {
      status: 'complete',
      payment: 'refunded',
      shipping: 'unfulfilled',
    });
  });

  const refusals: OrderEvent[][] = [
    ['purchase', 'purchase'],
    ['purchase', 'authorize'],
    ['authorize', 'authorize'],
    ['authorize', 'capture', 'capture'],
    ['capture'],
    ['refund'],
    ['authorize', 'refund'],
    ['purchase', 'refund', 'refund'],
    ['fulfil'],
    ['authorize', 'fulfil'],
    ['purchase', 'fulfil', 'fulfil'],
    ['purchase', 'fulfil', 'cancel'],
    ['cancel', 'purchase'],
    ['authorize', 'cancel', 'capture'],
  ];
  for (const events of refusals) {
    test(`refuses the last of ${events.join(', ')}`, () => assert.deepEqual(run(events).refused, events.slice(-1)));
  }

  test('stock that leaves an order was allocated to it, once', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...allEvents.filter((event) => event !== 'payment_failed'))), (events) => {
        let held = 0;
        for (const effect of run(events).stock) {
          if (effect === 'allocate') held += 1;
          if (effect === 'deallocate' || effect === 'ship') held -= 1;
          assert.ok(held === 0 || held === 1);
        }
      }),
    );
  });
});
