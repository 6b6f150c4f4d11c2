import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counterOf, epochOf, maxEpoch, versionOf } from './version.ts';

test('a version holds its epoch and its counter, up to the largest safe integer', () => {
  for (const [epoch, counter] of [
    [0, 0],
    [1, 2 ** 40 - 1],
    [7, 123_456],
    [maxEpoch, 2 ** 40 - 1],
  ] as const) {
    const version = versionOf(epoch, counter);
    assert.ok(Number.isSafeInteger(version));
    assert.equal(epochOf(version), epoch);
    assert.equal(counterOf(version), counter);
  }
});

test('every version of an epoch is newer than all versions of the epoch before it', () => {
  assert.ok(versionOf(2, 0) > versionOf(1, 2 ** 40 - 1));
});

test('an epoch or a counter that does not fit is refused', () => {
  for (const [epoch, counter] of [
    [maxEpoch + 1, 0],
    [-1, 0],
    [1, 2 ** 40],
    [1, -1],
    [1.5, 0],
  ] as const) {
    assert.throws(() => versionOf(epoch, counter), RangeError);
  }
});
