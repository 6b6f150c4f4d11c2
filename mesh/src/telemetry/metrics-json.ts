import { countersIn, type Families, labeled } from './families.ts';
import { type Latencies, latenciesOf } from './recent.ts';

interface LabeledValue {
  labels: Record<string, string>;
  value: number;
}

/** The reply to `GET /metrics.json`. */
export interface MetricsJson {
  counters: { name: string; series: (LabeledValue & { recent: number })[] }[];
  gauges: { name: string; series: LabeledValue[] }[];
  durations: {
    name: string;
    series: {
      labels: Record<string, string>;
      count: number;
      meanMs: number;
      p50Ms: number;
      p95Ms: number;
      p99Ms: number;
      p999Ms: number;
      maxMs: number;
      recent: Latencies;
    }[];
  }[];
}

/** Everything that is counted as JSON, with percentiles in milliseconds. */
export function metricsJson(families: Families): MetricsJson {
  const counters = families.counters.map((family) => ({ name: family.name, series: countersIn(family) }));
  const gauges = families.gauges.map(({ name, labels, read }) => ({
    name,
    series: [...read()].map(({ values, value }) => ({ labels: labeled(labels, values), value })),
  }));
  const durations = families.durations.map(({ name, labels, series }) => ({
    name,
    series: [...series.values()].map(({ values, item }) => ({
      labels: labeled(labels, values),
      count: item.count,
      meanMs: item.count === 0 ? 0 : item.sumMs / item.count,
      p50Ms: item.percentileMs(50),
      p95Ms: item.percentileMs(95),
      p99Ms: item.percentileMs(99),
      p999Ms: item.percentileMs(99.9),
      maxMs: item.percentileMs(100),
      recent: latenciesOf([item.recent]),
    })),
  }));
  return { counters, gauges, durations };
}
