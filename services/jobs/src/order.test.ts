import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameIn, orderIn } from './order.ts';
import { orderShown } from './testing-orders.ts';

test('an order is read as its owner shows it, with unknown members', () => {
  const order = orderIn({ ...orderShown({ name: 'Éve', payment: 'paid' }), more: 1 });
  assert.deepEqual([order.customerName, order.payment, order.currency, order.withTax], ['Éve', 'paid', 'USD', 1_000]);
  assert.deepEqual([order.customerId, order.items.length], [null, 1]);
});

test('what is no order is refused, by the path and without the value', () => {
  const broken = [null, [], 'x', {}, { data: {} }, { ...orderShown(), included: { items: 'secret' } }];
  const { data } = orderShown();
  for (const value of [...broken, { data: { ...data, id: 'secret' } }, { data: { ...data, meta: {} } }]) {
    assert.throws(
      () => orderIn(value),
      (error: Error) => /cannot be read/.test(error.message) && !/secret/.test(error.message),
    );
  }
});

test('a name in an address has both parts', () => {
  assert.equal(nameIn({ first_name: 'Ada', last_name: 'Byron' }), 'Ada Byron');
  for (const members of [{}, { first_name: 'Ada' }, { first_name: 'Ada', last_name: 5 }]) {
    assert.equal(nameIn(members), null);
  }
});
