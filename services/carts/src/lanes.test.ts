import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lanes } from './lanes.ts';

test('work in one lane takes turns, also after a failure, and lanes do not wait for each other', async () => {
  const lanes = new Lanes();
  const order: string[] = [];
  const hold = Promise.withResolvers<void>();
  const first = lanes.take('a', async () => {
    await hold.promise;
    order.push('first');
    throw new Error('no');
  });
  const second = lanes.take('a', async () => order.push('second'));
  await lanes.take('b', async () => order.push('other lane'));
  hold.resolve();
  await assert.rejects(first, /no/);
  await second;
  assert.deepEqual(order, ['other lane', 'first', 'second']);
});
