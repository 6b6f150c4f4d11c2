import { Durations } from './durations.ts';
import {
  type Counter,
  countersIn,
  dropGone,
  dropSeries,
  endPeriodOf,
  type Families,
  familyNamed,
  type Gauge,
  type IsGone,
  labeled,
  type Series,
  seriesOf,
} from './families.ts';
import { addCopy, copyOf, type MetricsCopy } from './metrics-copy.ts';
import { type MetricsJson, metricsJson } from './metrics-json.ts';
import { metricsText } from './metrics-text.ts';

export type { MetricsCopy, MetricsJson };

/** How long a period is: "recent" means the last one to two periods. */
export const periodMs = 30_000;

/** Everything that one process counts: created once per process, rendered on request. */
export class Metrics {
  readonly #families: Families = { counters: [], durations: [], gauges: [] };
  /** Monotonic ms at which the period before last and the last period ended. */
  #endedAtMs: [number, number] = [0, 0];

  /** A family of counters. `name` ends in `_total`. */
  counter(name: string, help: string, labels: readonly string[]): Series<Counter> {
    const family = familyNamed<Counter>(name, help, labels);
    this.#families.counters.push(family);
    return seriesOf(family, () => ({ value: 0 }));
  }

  /** A family of durations. `name` ends in `_seconds`. */
  durations(name: string, help: string, labels: readonly string[]): Series<Durations> {
    const family = familyNamed<Durations>(name, help, labels);
    this.#families.durations.push(family);
    return seriesOf(family, () => new Durations());
  }

  /** A figure that is read on request; of type counter where the source counts and never goes down. */
  gauge(
    name: string,
    help: string,
    labels: readonly string[],
    read: Gauge['read'],
    type: Gauge['type'] = 'gauge',
  ): void {
    this.#families.gauges.push({ name, help, labels, read, type });
  }

  /**
   * Ends a period: "recent" now begins with the period before. Called every `periodMs`. Drops the series that have not
   * changed for a period and name something that is gone: the requests that began before it went have ended.
   */
  rotate(nowMs: number, isGone: IsGone = () => false): void {
    this.#endedAtMs = [this.#endedAtMs[1], nowMs];
    for (const family of this.#families.counters) {
      for (const entry of family.series.values()) endPeriodOf(entry, entry.item.value);
      dropGone(family, isGone);
    }
    for (const family of this.#families.durations) {
      for (const entry of family.series.values()) {
        entry.item.recent.rotate();
        endPeriodOf(entry, entry.item.count);
      }
      dropGone(family, isGone);
    }
  }

  /** How far back "recent" reaches now. */
  recentMs(nowMs: number): number {
    return nowMs - this.#endedAtMs[0];
  }

  /** Sets the time since which recent figures were counted. */
  recentSince(monotonicMs: number): void {
    this.#endedAtMs = [monotonicMs, monotonicMs];
  }

  /** Everything as plain data, for another process to add up. @param nowMs monotonic */
  copy(nowMs: number): MetricsCopy {
    return copyOf(this.#families, this.recentMs(nowMs));
  }

  /** Adds the counters and durations of another process. */
  add(copy: MetricsCopy): void {
    addCopy(this.#families, copy);
  }

  /** Drops the series of something that is gone permanently. What a caller still counts in such a series is lost. */
  forget(label: string, value: string, label2: string, value2: string): void {
    const { counters, durations } = this.#families;
    for (const family of [...counters, ...durations]) dropSeries(family, { [label]: value, [label2]: value2 });
  }

  /** The series of a family of counters; `recent` is the growth in the recent periods. */
  counterSeries(name: string): { labels: Record<string, string>; value: number; recent: number }[] {
    const family = this.#families.counters.find((candidate) => candidate.name === name);
    return family === undefined ? [] : countersIn(family);
  }

  /** The series of a family of durations. */
  durationSeries(name: string): { labels: Record<string, string>; durations: Durations }[] {
    const family = this.#families.durations.find((candidate) => candidate.name === name);
    if (family === undefined) return [];
    return [...family.series.values()].map(({ values, item }) => ({
      labels: labeled(family.labels, values),
      durations: item,
    }));
  }

  /** Prometheus text format 0.0.4. */
  text(): string {
    return metricsText(this.#families);
  }

  /** The same as JSON, with percentiles in milliseconds. */
  json(): MetricsJson {
    return metricsJson(this.#families);
  }
}
