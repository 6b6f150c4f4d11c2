import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeeperThan } from './json-depth.ts';

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

test('levels are counted, not brackets', () => {
  assert.equal(isDeeperThan(nested(64), 64), false);
  assert.equal(isDeeperThan(nested(65), 64), true);
  assert.equal(isDeeperThan(`{"a":${nested(64)}}`, 64), true);
  assert.equal(isDeeperThan(`[${Array(100).fill('[]').join(',')}]`, 64), false);
  assert.equal(isDeeperThan('['.repeat(60_000), 64), true, 'also where the end is missing');
});

test('brackets in strings are text', () => {
  const brackets = '['.repeat(100);
  assert.equal(isDeeperThan(JSON.stringify({ a: brackets, [brackets]: 1 }), 64), false);
  assert.equal(isDeeperThan(JSON.stringify({ a: `\\"${brackets}\\` }), 64), false);
  assert.equal(isDeeperThan(`"\\\\"${brackets}`, 64), true, 'after a string that ends in a backslash');
  assert.equal(isDeeperThan(`"${brackets}`, 64), false, 'a string without an end');
});
