import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { State } from '@banyan/kit/import';
import { cartFacts } from './cart-facts.ts';

const cart = (name: string, replies: object[] = []) => ({ cart: { name, lines: [] }, replies }) as unknown as State;
const gone = (replies: object[] = []) => ({ cart: null, replies }) as unknown as State;
const told = (before: State | null, state: State | null) =>
  cartFacts([{ key: 'c', version: 7, before, state }]).map(({ key, entityId, version, resources }) => {
    assert.deepEqual([entityId, version, resources], ['c', 7, { type: 'cart', id: 'c' }]);
    return key;
  });

test('a cart that is made or changed is updated, and one that is deleted is told of once', () => {
  assert.deepEqual(told(null, cart('A')), ['cart.updated']);
  assert.deepEqual(told(cart('A'), cart('B')), ['cart.updated']);
  assert.deepEqual(told(cart('A'), null), ['cart.deleted']);
  assert.deepEqual(told(cart('A'), gone([{}])), ['cart.deleted'], 'what was replied stays');
  assert.deepEqual(told(null, null), ['cart.deleted'], 'it was made after the round before');
});

test('what was only replied is no change of a cart', () => {
  assert.deepEqual(told(cart('A'), cart('A', [{}])), []);
  assert.deepEqual(told(null, gone([{}])), []);
  assert.deepEqual(told(gone([{}]), gone([{}, {}])), []);
  const [one, other] = [
    { a: 1, b: 2 },
    { b: 2, a: 1 },
  ];
  const state = (members: object) => ({ cart: members, replies: [] }) as unknown as State;
  assert.deepEqual(told(state(one), state(other)), [], 'members have no order');
});
