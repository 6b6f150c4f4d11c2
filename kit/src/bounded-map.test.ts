import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoundedMap } from './bounded-map.ts';

test('a full map pushes out what was unused for longest', () => {
  const map = new BoundedMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  assert.equal(map.get('a'), 1);
  map.set('c', 3);
  assert.equal(map.get('b'), undefined);
  assert.deepEqual([map.get('a'), map.get('c'), map.size], [1, 3, 2]);
});

test('an entry set again takes no second place', () => {
  const map = new BoundedMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.set('b', 3);
  assert.deepEqual([...map.values()], [1, 3]);
});

test('a limit that is not a whole number above 0 is refused', () => {
  for (const limit of [0, -1, 1.5, Number.NaN]) assert.throws(() => new BoundedMap(limit), RangeError);
});
