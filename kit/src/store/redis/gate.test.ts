import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate } from './gate.ts';

const longMs = 60_000;

test('many are inside at once, and one who wants to be alone waits for all of them', async () => {
  const gate = new Gate(longMs);
  const [first, second] = [await gate.shared(), await gate.shared()];
  const order: string[] = [];
  const alone = gate.exclusive().then((leave) => {
    order.push('alone');
    leave();
  });
  order.push('first');
  first();
  await Promise.resolve();
  order.push('second');
  second();
  await alone;
  assert.deepEqual(order, ['first', 'second', 'alone']);
});

test('those who come later wait for the one who is alone', async () => {
  const gate = new Gate(longMs);
  const leave = await gate.exclusive();
  const order: string[] = [];
  const later = gate.shared().then((left) => {
    order.push('later');
    left();
  });
  await Promise.resolve();
  order.push('leaves');
  leave();
  await later;
  assert.deepEqual(order, ['leaves', 'later']);
});

test('one who stays inside keeps others for the limit only', async () => {
  const gate = new Gate(1);
  await gate.shared();
  (await gate.exclusive())();
  await gate.exclusive();
  (await gate.shared())();
});
