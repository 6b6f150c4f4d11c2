import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inStoredOrder } from './rows.ts';

test('members are stored by the length of their names, then bytewise, at every level', () => {
  const rule = { type: 'x', options: { to: 1, from: [{ bb: 1, a: 2, é: 3 }] }, ab: null, aa: 'x' };
  assert.equal(
    JSON.stringify(inStoredOrder([rule])),
    '[{"aa":"x","ab":null,"type":"x","options":{"to":1,"from":[{"a":2,"bb":1,"é":3}]}}]',
  );
  const odd = JSON.parse('{"__proto__":{"b":1},"a":1}') as object;
  assert.equal(JSON.stringify(inStoredOrder(odd)), '{"a":1,"__proto__":{"b":1}}');
});
