import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batchWeight, oneBatch } from './batch.ts';

const keys = (count: number, prefix = 'k') => Array.from({ length: count }, (_, n) => `${prefix}${n}`);

test('a batch has a thousand aggregates of the usual size', () => {
  assert.equal(oneBatch(keys(batchWeight)).length, batchWeight);
  assert.deepEqual(oneBatch(keys(batchWeight + 5)), keys(batchWeight));
  assert.deepEqual(oneBatch([]), []);
});

test('large aggregates take the place of several', () => {
  const weight = (key: string) => (key.startsWith('large') ? 300 : 1);
  assert.equal(oneBatch(keys(10, 'large'), weight).length, 3);
  assert.deepEqual(oneBatch(['a', ...keys(3, 'large'), ...keys(200)], weight).length, 4 + 99);
});

test('an aggregate that is larger than a batch goes alone', () => {
  assert.deepEqual(
    oneBatch(['a', 'b'], () => 5_000),
    ['a'],
  );
});
