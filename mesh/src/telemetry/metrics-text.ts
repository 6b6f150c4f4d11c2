import { boundsSeconds } from './durations.ts';
import type { Families } from './families.ts';
import { latenciesOf } from './recent.ts';

/** The quantiles of the summaries. */
const quantiles = [
  ['0.5', 'p50Ms'],
  ['0.95', 'p95Ms'],
  ['0.99', 'p99Ms'],
  ['0.999', 'p999Ms'],
] as const;

/** Everything that is counted, in Prometheus text format 0.0.4. */
export function metricsText({ counters, durations, gauges }: Families): string {
  const out: string[] = [];
  const head = (name: string, help: string, type: string) =>
    out.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
  for (const { name, help, labels, series } of counters) {
    head(name, help, 'counter');
    for (const { values, item } of series.values()) out.push(`${name}${labelText(labels, values)} ${item.value}`);
  }
  for (const { name, help, labels, series } of durations) {
    head(name, help, 'histogram');
    for (const { values, item } of series.values()) {
      let cumulative = 0;
      for (const [i, bound] of boundsSeconds.entries()) {
        cumulative += item.buckets[i] as number;
        out.push(`${name}_bucket${labelText([...labels, 'le'], [...values, String(bound)])} ${cumulative}`);
      }
      out.push(`${name}_bucket${labelText([...labels, 'le'], [...values, '+Inf'])} ${item.count}`);
      out.push(`${name}_sum${labelText(labels, values)} ${item.sumMs / 1000}`);
      out.push(`${name}_count${labelText(labels, values)} ${item.count}`);
    }
    // Buckets add up over instances but say little about the tail: the quantiles show the tail of this instance.
    const recently = name.replace(/_seconds$/, '_recent_seconds');
    head(recently, `${help} Quantiles of the last 30 to 60 s.`, 'summary');
    for (const { values, item } of series.values()) {
      const latencies = latenciesOf([item.recent]);
      for (const [quantile, key] of quantiles) {
        const value = latencies.count === 0 ? Number.NaN : latencies[key] / 1000;
        out.push(`${recently}${labelText([...labels, 'quantile'], [...values, quantile])} ${value}`);
      }
      out.push(`${recently}_sum${labelText(labels, values)} ${item.sumMs / 1000}`);
      out.push(`${recently}_count${labelText(labels, values)} ${item.count}`);
    }
  }
  for (const { name, help, labels, type, read } of gauges) {
    head(name, help, type);
    for (const { values, value } of read()) out.push(`${name}${labelText(labels, values)} ${value}`);
  }
  return `${out.join('\n')}\n`;
}

function labelText(labels: readonly string[], values: readonly string[]): string {
  if (labels.length === 0) return '';
  return `{${labels.map((label, i) => `${label}="${escaped(values[i] ?? '')}"`).join(',')}}`;
}

function escaped(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
