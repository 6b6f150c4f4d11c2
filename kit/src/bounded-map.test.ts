import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoundedMap } from './bounded-map.ts';

test('it never holds more than its limit, and always what was put in last', () => {
  const map = new BoundedMap<number, number>(10);
  for (let n = 0; n < 1_000; n++) {
    map.set(n, n);
    assert.ok(map.size <= 10);
    assert.equal(map.get(n), n);
  }
});

test('what is used stays, however much passes through', () => {
  const map = new BoundedMap<string, number>(10);
  map.set('used', 1);
  for (let n = 0; n < 1_000; n++) {
    map.set(`passing ${n}`, n);
    assert.equal(map.get('used'), 1);
  }
});

test('what is not used goes', () => {
  const map = new BoundedMap<string, number>(4);
  map.set('unused', 1);
  for (let n = 0; n < 4; n++) map.set(`passing ${n}`, n);
  assert.equal(map.get('unused'), undefined);
});

test('an entry set again stands once, with its new value', () => {
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

test('a limit that leaves no room is refused', () => {
  for (const limit of [1, 0, -1, 2.5, Number.NaN]) assert.throws(() => new BoundedMap(limit), RangeError);
});
