import assert from 'node:assert/strict';
import { test } from 'node:test';
import { histogramOf, median, percentilesOf, spectrumOf } from './latencies.ts';

test('percentiles come from fractions of milliseconds, to a thousandth', () => {
  const figures = percentilesOf(histogramOf(Array.from({ length: 1000 }, (_, i) => (i + 1) / 10)));
  assert.ok(Math.abs(figures.p50Ms - 50) < 0.1, String(figures.p50Ms));
  assert.ok(Math.abs(figures.p99Ms - 99) < 0.2, String(figures.p99Ms));
  assert.ok(Math.abs(figures.maxMs - 100) < 0.2, String(figures.maxMs));
});

test('a histogram of nothing is all zeros', () => {
  assert.deepEqual(percentilesOf(histogramOf([])), { p50Ms: 0, p95Ms: 0, p99Ms: 0, p999Ms: 0, maxMs: 0 });
  assert.deepEqual(spectrumOf(histogramOf([])), []);
});

test('the curve rises, ends at the slowest request, and claims no percentile that the samples cannot carry', () => {
  const points = spectrumOf(histogramOf(Array.from({ length: 100 }, (_, i) => i + 1)));
  for (const [i, point] of points.entries()) assert.ok(i === 0 || point.ms >= (points[i - 1]?.ms ?? 0));
  assert.equal(points.at(-1)?.p, 0.99);
  assert.ok((points.at(-1)?.ms ?? 0) >= 100);
});

test('the median of an even number is the mean of the middle two, and of none is no number', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([9, 1, 5]), 5);
  assert.ok(Number.isNaN(median([])));
});
