import assert from 'node:assert/strict';
import { test } from 'node:test';
import { carries, histogramOf, median, percentilesOf, spectrumOf } from './latencies.ts';

test('percentiles come from fractions of milliseconds, to a thousandth', () => {
  const figures = percentilesOf(histogramOf(Array.from({ length: 1000 }, (_, i) => (i + 1) / 10)));
  assert.ok(Math.abs((figures.p50Ms ?? 0) - 50) < 0.1, String(figures.p50Ms));
  assert.ok(Math.abs((figures.p99Ms ?? 0) - 99) < 0.2, String(figures.p99Ms));
  assert.ok(Math.abs((figures.maxMs ?? 0) - 100) < 0.2, String(figures.maxMs));
});

test('an empty histogram has no figure', () => {
  assert.deepEqual(percentilesOf(histogramOf([])), {
    p50Ms: null,
    p95Ms: null,
    p99Ms: null,
    p999Ms: null,
    maxMs: null,
  });
  assert.deepEqual(spectrumOf(histogramOf([])), []);
});

test('a percentile is given where the samples carry it, and is null where they do not', () => {
  const given = (n: number) => {
    const { p50Ms, p95Ms, p99Ms, p999Ms } = percentilesOf(histogramOf(Array.from({ length: n }, (_, i) => i + 1)));
    return [p50Ms, p95Ms, p99Ms, p999Ms].filter((figure) => figure !== null).length;
  };
  assert.deepEqual([5, 6, 9, 71, 72, 367, 368, 3687, 3688].map(given), [0, 1, 1, 1, 2, 2, 3, 3, 4]);
});

test('the curve rises, and ends where the samples carry no further percentile', () => {
  const points = spectrumOf(histogramOf(Array.from({ length: 100 }, (_, i) => i + 1)));
  for (const [i, point] of points.entries()) assert.ok(i === 0 || point.ms >= (points[i - 1]?.ms ?? 0));
  const { p, ms } = points.at(-1) ?? { p: 0, ms: 0 };
  assert.ok(carries(100, p) && p > 0.95, String(p));
  assert.ok(ms >= 96 && ms < 100, String(ms));
});

test('the median of an even number of values is the mean of the middle two; of none it is NaN', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([9, 1, 5]), 5);
  assert.ok(Number.isNaN(median([])));
});
