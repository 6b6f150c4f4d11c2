import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Touched } from './touched.ts';

test('before the first comparison, the changed keys are unknown', () => {
  const touched = new Touched();
  touched.add(['a']);
  assert.equal(touched.keys(), null);
});

test('a key that changes during a comparison stays', () => {
  const touched = new Touched();
  touched.forget(touched.mark());
  touched.add(['before', 'both']);
  const mark = touched.mark();
  touched.add(['both', 'during']);
  touched.forget(mark);
  assert.deepEqual(touched.keys(), ['both', 'during']);
});

test('after a first comparison that was not clean, the changed keys are unknown', () => {
  const touched = new Touched();
  touched.mark();
  touched.add(['a']);
  assert.equal(touched.keys(), null);
});

test('a comparison that failed forgets nothing', () => {
  const touched = new Touched();
  touched.forget(touched.mark());
  touched.add(['a']);
  touched.mark();
  assert.deepEqual(touched.keys(), ['a']);
});

test('with too many keys, they are unknown until the next comparison begins', () => {
  const touched = new Touched();
  touched.forget(touched.mark());
  touched.add(Array.from({ length: 20_001 }, (_, n) => String(n)));
  assert.equal(touched.keys(), null);
  const mark = touched.mark();
  touched.add(['x']);
  touched.forget(mark);
  assert.deepEqual(touched.keys(), ['x']);
});
