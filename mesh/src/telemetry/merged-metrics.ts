import { Metrics, type MetricsCopy } from './metrics.ts';

/** How a gauge that several processes report becomes one. */
type Rule = 'sum' | 'max' | 'min' | 'mean';

/**
 * Gauges that do not add up. All others do: connections, requests in flight, budgets, memory, and everything that only
 * grows.
 */
const rules: Readonly<Record<string, Rule>> = {
  // The generation that is in force everywhere: that of the slowest process.
  mesh_config_generation: 'min',
  mesh_config_in_force: 'min',
  // Each process has its own breakers: the worst state is shown.
  mesh_breaker_state: 'max',
  mesh_endpoint_healthy: 'min',
  // Every process knows every instance: the mean of their counts is the number of instances.
  mesh_endpoints: 'mean',
  mesh_endpoint_expected_latency_seconds: 'mean',
  process_start_time_seconds: 'min',
};

const merge: Readonly<Record<Rule, (values: readonly number[]) => number>> = {
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  max: (values) => Math.max(...values),
  min: (values) => Math.min(...values),
  mean: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
};

/**
 * The counts of several processes as one: counters and buckets are summed, HdrHistograms are added value by value (so a
 * percentile is that of all requests, not a mean of percentiles), gauges follow `rules`.
 *
 * @param nowMs monotonic, of this process
 */
export function mergedMetrics(copies: readonly MetricsCopy[], nowMs: number): Metrics {
  const metrics = new Metrics();
  for (const copy of copies) metrics.add(copy);
  metrics.recentSince(nowMs - Math.max(0, ...copies.map(({ recentMs }) => recentMs)));

  const families = new Map<string, { family: MetricsCopy['gauges'][number]; series: Map<string, Reported> }>();
  for (const { gauges } of copies) {
    for (const family of gauges) {
      const known = families.get(family.name) ?? { family, series: new Map<string, Reported>() };
      families.set(family.name, known);
      for (const { values, value } of family.series) {
        const key = values.join('\u0000');
        const reported = known.series.get(key) ?? { values, reported: [] };
        known.series.set(key, reported);
        reported.reported.push(value);
      }
    }
  }
  for (const [name, { family, series }] of families) {
    const combine = merge[rules[name] ?? 'sum'];
    const read = () => [...series.values()].map(({ values, reported }) => ({ values, value: combine(reported) }));
    metrics.gauge(name, family.help, family.labels, read, family.type);
  }
  return metrics;
}

interface Reported {
  values: readonly string[];
  reported: number[];
}

/** The copy of a process that has ended: its counts stay, its state does not. */
export function ofTheDead(copy: MetricsCopy): MetricsCopy {
  return {
    ...copy,
    recentMs: 0,
    counters: copy.counters.map((family) => ({
      ...family,
      // The process has ended: its counts are no longer recent.
      series: family.series.map((series) => ({ ...series, older: series.value })),
    })),
    durations: copy.durations.map((family) => ({
      ...family,
      series: family.series.map(({ values, durations }) => ({
        values,
        durations: { ...durations, recent: { current: new Uint32Array(), before: new Uint32Array() } },
      })),
    })),
    gauges: copy.gauges.filter(({ type }) => type === 'counter'),
  };
}
