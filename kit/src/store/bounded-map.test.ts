import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoundedMap } from './bounded-map.ts';

test('holds at most its limit, and always the newest entry', () => {
  const map = new BoundedMap<number, number>(10);
  for (let n = 0; n < 1_000; n++) {
    map.set(n, n);
    assert.ok(map.size <= 10);
    assert.equal(map.get(n), n);
  }
});

test('keeps an entry that is used, however many others are added', () => {
  const map = new BoundedMap<string, number>(10);
  map.set('used', 1);
  for (let n = 0; n < 1_000; n++) {
    map.set(`other ${n}`, n);
    assert.equal(map.get('used'), 1);
  }
});

test('drops an entry that is not used', () => {
  const map = new BoundedMap<string, number>(4);
  map.set('unused', 1);
  for (let n = 0; n < 4; n++) map.set(`other ${n}`, n);
  assert.equal(map.get('unused'), undefined);
});

test('an entry that is set again exists once, with its new value', () => {
  const map = new BoundedMap<string, number>(4);
  for (const [key, value] of [
    ['a', 1],
    ['b', 2],
    ['c', 3],
    ['a', 4],
  ] as const)
    map.set(key, value);
  assert.deepEqual([...map.values()].sort(), [2, 3, 4]);
  map.delete('a');
  map.delete('b');
  assert.deepEqual([map.get('a'), map.get('b'), map.get('c'), map.size], [undefined, undefined, 3, 1]);
  map.clear();
  assert.equal(map.size, 0);
});

test('refuses a limit that is not a whole number above 1', () => {
  for (const limit of [1, 0, -1, 2.5, Number.NaN]) assert.throws(() => new BoundedMap(limit), RangeError);
});
