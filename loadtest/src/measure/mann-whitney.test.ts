import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mannWhitney } from './mann-whitney.ts';

test('gives the U of a small example counted by hand', () => {
  // Of the 4 x 3 pairs, the first sample wins those with 19 (3), 22 (3), 16 (2: over 10, 12) and 29 (3).
  const { u, larger } = mannWhitney([19, 22, 16, 29], [10, 12, 17]);
  assert.equal(u, 11);
  assert.equal(larger, 11 / 12);
});

test('two equal samples do not differ', () => {
  const { z, p, larger } = mannWhitney([1, 2, 3, 4], [1, 2, 3, 4]);
  assert.equal(z, 0);
  assert.equal(larger, 0.5);
  assert.ok(p > 0.999);
});

test('a shift of every value is significant in both directions', () => {
  const low = Array.from({ length: 50 }, (_, i) => i);
  const high = low.map((value) => value + 40);
  assert.ok(mannWhitney(high, low).p < 1e-6);
  assert.ok(mannWhitney(low, high).p < 1e-6);
  assert.ok(mannWhitney(high, low).larger > 0.9);
});

test('equal values have no deviation', () => {
  assert.equal(mannWhitney([5, 5, 5], [5, 5]).z, 0);
});

test('an empty sample gives no result', () => {
  assert.ok(Number.isNaN(mannWhitney([], [1]).p));
});
