import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constantRate, poisson, seededRandom } from './schedule.ts';

test('a constant rate spaces requests evenly', () => {
  assert.deepEqual([...constantRate(4, 1000)], [0, 250, 500, 750]);
});

test('a length computed from a count gives that count again', () => {
  for (let p50Ms = 1; p50Ms < 2000; p50Ms += 7.3) {
    const perSecond = 600 / p50Ms;
    assert.equal([...constantRate(perSecond, (3 / perSecond) * 1000)].length, 3, `${p50Ms} ms`);
  }
});

test('Poisson arrivals keep the rate, bunch up, and repeat with their seed', () => {
  const arrivals = [...poisson(100, 100_000, seededRandom(7))];
  assert.ok(Math.abs(arrivals.length - 10_000) < 400, `${arrivals.length} arrivals`);
  const gaps = arrivals.slice(1).map((at, i) => at - (arrivals[i] ?? 0));
  assert.ok(gaps.every((gap) => gap >= 0));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
  assert.ok(Math.abs(Math.sqrt(variance) / mean - 1) < 0.1, 'gaps vary as much as they last');
  assert.deepEqual([...poisson(100, 1000, seededRandom(7))], [...poisson(100, 1000, seededRandom(7))]);
  assert.notDeepEqual([...poisson(100, 1000, seededRandom(7))], [...poisson(100, 1000, seededRandom(8))]);
});
