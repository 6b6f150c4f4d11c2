import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readPrometheus } from '../testing/prometheus.ts';
import { mergedMetrics, ofTheDead } from './merged-metrics.ts';
import { Metrics } from './metrics.ts';

/** The metrics of one process: durations of one route. */
function processWith(durationsMs: readonly number[], gauges: Readonly<Record<string, number>> = {}): Metrics {
  const metrics = new Metrics();
  const requests = metrics.counter('requests_total', 'Requests.', ['route']);
  const durations = metrics.durations('durations_seconds', 'Durations.', ['route']);
  for (const ms of durationsMs) {
    requests('shop').value += 1;
    durations('shop').record(ms);
  }
  for (const [name, value] of Object.entries(gauges)) {
    metrics.gauge(name, 'A gauge.', [], () => [{ values: [], value }]);
  }
  return metrics;
}

describe('metrics of several processes', () => {
  test('equal those of one process that has seen all requests, percentiles included, after a copy to another process', () => {
    const some = fc.array(fc.double({ min: 0, max: 700_000, noNaN: true }), { maxLength: 40 });
    fc.assert(
      fc.property(fc.array(some, { minLength: 1, maxLength: 4 }), (lists) => {
        const copies = lists.map((list) => structuredClone(processWith(list).copy(1000)));
        const merged = mergedMetrics(copies, 1000).json().durations[0]?.series;
        const whole = processWith(lists.flat()).json().durations[0]?.series;
        assert.equal(merged?.length, whole?.length);
        for (const [i, series] of (whole ?? []).entries()) {
          const { meanMs, ...rest } = series;
          const { meanMs: mergedMean, ...mergedRest } = merged?.[i] ?? { meanMs: Number.NaN };
          assert.deepEqual(mergedRest, rest);
          // Sums of fractions depend on their order.
          assert.ok(Math.abs(mergedMean - meanMs) <= Math.abs(meanMs) * 1e-9);
        }
      }),
    );
  });

  test('a percentile is not the mean of percentiles', () => {
    const slow = processWith(Array.from({ length: 1 }, () => 1000)).copy(0);
    const fast = processWith(Array.from({ length: 99 }, () => 1)).copy(0);
    const [series] = mergedMetrics([slow, fast], 0).json().durations[0]?.series ?? [];
    assert.ok((series?.p95Ms ?? 0) < 1.1, String(series?.p95Ms));
    assert.ok((series?.maxMs ?? 0) > 990);
  });

  test('gauges add up, or follow their own rule', () => {
    const gauges = (value: number) => ({
      mesh_requests_in_flight: value,
      mesh_config_generation: value,
      mesh_breaker_state: value,
      mesh_endpoints: value,
    });
    const copies = [processWith([], gauges(1)).copy(0), processWith([], gauges(3)).copy(0)];
    const read = Object.fromEntries(
      readPrometheus(mergedMetrics(copies, 0).text()).map(({ name, value }) => [name, value]),
    );
    assert.deepEqual(read, {
      mesh_requests_in_flight: 4,
      mesh_config_generation: 1,
      mesh_breaker_state: 3,
      mesh_endpoints: 2,
    });
  });

  test('of a process that has ended, its counts stay and its state goes', () => {
    const ended = ofTheDead(processWith([5, 5], { mesh_requests_in_flight: 7 }).copy(0));
    const merged = mergedMetrics([ended, processWith([5]).copy(0)], 0);
    const { counters, durations, gauges } = merged.json();
    assert.deepEqual(counters[0]?.series, [{ labels: { route: 'shop' }, value: 3, recent: 1 }]);
    assert.equal(durations[0]?.series[0]?.count, 3);
    assert.equal(durations[0]?.series[0]?.recent.count, 1);
    assert.deepEqual(gauges, []);
  });
});
