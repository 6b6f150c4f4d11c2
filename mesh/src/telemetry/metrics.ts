import { build, type Histogram as HdrHistogram, JsHistogram } from 'hdr-histogram-js';
import { type Latencies, latenciesOf, type RecentCopy, RecentDurations } from './recent.ts';

/** One number that only grows. The hot path adds to `value` itself. */
export interface Counter {
  value: number;
}

/** Upper bounds in seconds: OpenTelemetry's advice for HTTP durations, with three finer steps for loopback and LAN. */
const boundsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const boundsMs = boundsSeconds.map((bound) => bound * 1000);

/** Durations, as Prometheus buckets (which add up across processes) and as an HdrHistogram (for percentiles). */
export class Durations {
  readonly buckets = new Float64Array(boundsMs.length);
  readonly hdr: HdrHistogram;
  readonly recent = new RecentDurations();
  count = 0;
  sumMs = 0;

  constructor() {
    // Microseconds, up to ten minutes, to two digits: 1 % off at most, in 25 KB.
    this.hdr = build({
      lowestDiscernibleValue: 1,
      highestTrackableValue: 600_000_000,
      numberOfSignificantValueDigits: 2,
      bitBucketSize: 32,
      autoResize: false,
      useWebAssembly: false,
    });
  }

  record(durationMs: number): void {
    this.count += 1;
    this.sumMs += durationMs;
    for (let i = 0; i < boundsMs.length; i += 1) {
      if (durationMs <= (boundsMs[i] as number)) {
        this.buckets[i] = (this.buckets[i] as number) + 1;
        break;
      }
    }
    this.recent.record(durationMs);
    this.hdr.recordValue(Math.min(600_000_000, Math.max(1, Math.round(durationMs * 1000))));
  }

  /** Plain data, for another process. */
  copy(): DurationsCopy {
    return {
      buckets: [...this.buckets],
      hdr: countsOf(this.hdr),
      recent: this.recent.copy(),
      count: this.count,
      sumMs: this.sumMs,
    };
  }

  /** Adds what another process has measured: bucket by bucket, so that percentiles are those of all values together. */
  add(other: DurationsCopy): void {
    this.count += other.count;
    this.sumMs += other.sumMs;
    for (let i = 0; i < this.buckets.length; i += 1) {
      this.buckets[i] = (this.buckets[i] as number) + (other.buckets[i] ?? 0);
    }
    this.recent.add(other.recent);
    addCounts(this.hdr, other.hdr);
  }

  /** Milliseconds below which `percentile` (0 to 100) of the durations lie; 0 where there is none. */
  percentileMs(percentile: number): number {
    return this.count === 0 ? 0 : this.hdr.getValueAtPercentile(percentile) / 1000;
  }
}

/** What `Durations` hold, as plain data. */
export interface DurationsCopy {
  buckets: number[];
  /** Of the HdrHistogram: index and count in turn, where there is a count. */
  hdr: number[];
  recent: RecentCopy;
  count: number;
  sumMs: number;
}

function countsOf(hdr: HdrHistogram): number[] {
  const counts: number[] = [];
  if (!(hdr instanceof JsHistogram)) return counts;
  for (let index = 0; index < hdr.countsArrayLength; index += 1) {
    const count = hdr.getCountAtIndex(index);
    if (count > 0) counts.push(index, count);
  }
  return counts;
}

function addCounts(hdr: HdrHistogram, counts: readonly number[]): void {
  if (!(hdr instanceof JsHistogram)) return;
  for (let i = 0; i < counts.length; i += 2) {
    // Recorded under the value that stands for the index: the histograms are laid out alike, so it is the same index.
    hdr.recordValueWithCount(hdr.valueFromIndex(counts[i] as number), counts[i + 1] as number);
  }
}

/** How long a turn is: "recent" is the last one to two of them. */
export const turnMs = 30_000;

/**
 * Places of one family at most: combinations of what documents and discovery name (routes, services, endpoints). In
 * whatever more there is, those labels read `other`.
 */
export const placesMax = 500;

/**
 * Labels whose values come from lists in the code. They take no place of their own: else a client that tries every method
 * would use up the places of routes that have not been asked for yet.
 */
const closedLabels: ReadonlySet<string> = new Set([
  'entrance',
  'http_request_method',
  'status_class',
  'primary_status_class',
  'reason',
  'flag',
  'outcome',
  'event',
]);

/** Of the summaries in the text, and of what is called recent. */
const quantiles = [
  ['0.5', 'p50Ms'],
  ['0.95', 'p95Ms'],
  ['0.99', 'p99Ms'],
  ['0.999', 'p999Ms'],
] as const;

interface FamilyOf<T> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly series: Map<string, Entry<T>>;
  readonly places: Set<string>;
}

interface Entry<T> {
  values: readonly string[];
  item: T;
  /** A counter's value (or the number of durations) at the turn before last, and at the last one. */
  older: number;
  newer: number;
}

interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly type: 'gauge' | 'counter';
  read(): Iterable<{ values: readonly string[]; value: number }>;
}

/** Looks up (or makes) the series of a family; callers keep what they get and do not look up per request. */
export type Series<T> = (...values: string[]) => T;

/** Everything that is counted, made once per process; rendered when somebody asks. */
export class Metrics {
  readonly #counters: FamilyOf<Counter>[] = [];
  readonly #durations: FamilyOf<Durations>[] = [];
  readonly #gauges: Gauge[] = [];
  /** Monotonic ms of the turn before last, and of the last one. */
  #turnedAtMs: [number, number] = [0, 0];

  /** A family of counters. `name` ends in `_total`. */
  counter(name: string, help: string, labels: readonly string[]): Series<Counter> {
    const family: FamilyOf<Counter> = { name, help, labels, series: new Map(), places: new Set() };
    this.#counters.push(family);
    return seriesOf(family, () => ({ value: 0 }));
  }

  /** A family of durations. `name` ends in `_seconds`. */
  durations(name: string, help: string, labels: readonly string[]): Series<Durations> {
    const family: FamilyOf<Durations> = { name, help, labels, series: new Map(), places: new Set() };
    this.#durations.push(family);
    return seriesOf(family, () => new Durations());
  }

  /** A figure that is read when it is asked for; of type counter where somebody else counts it and it never falls. */
  gauge(
    name: string,
    help: string,
    labels: readonly string[],
    read: Gauge['read'],
    type: Gauge['type'] = 'gauge',
  ): void {
    this.#gauges.push({ name, help, labels, read, type });
  }

  /**
   * Ends a turn: what "recent" means begins with the turn before. Called every `turnMs`. Series that have stood still for a
   * turn and name something that is gone are dropped: requests that began before it went have ended.
   */
  turn(nowMs: number, isGone: IsGone = () => false): void {
    this.#turnedAtMs = [this.#turnedAtMs[1], nowMs];
    for (const family of this.#counters) {
      for (const entry of family.series.values()) moved(entry, entry.item.value);
      drop(family, isGone);
    }
    for (const family of this.#durations) {
      for (const entry of family.series.values()) {
        entry.item.recent.turn();
        moved(entry, entry.item.count);
      }
      drop(family, isGone);
    }
  }

  /** Over how long "recent" reaches back now. */
  recentMs(nowMs: number): number {
    return nowMs - this.#turnedAtMs[0];
  }

  /** Everything as plain data, for another process to add up. @param nowMs monotonic */
  copy(nowMs: number): MetricsCopy {
    return {
      recentMs: this.recentMs(nowMs),
      counters: this.#counters.map(({ name, help, labels, series }) => ({
        name,
        help,
        labels,
        series: [...series.values()].map(({ values, item, older }) => ({ values, value: item.value, older })),
      })),
      durations: this.#durations.map(({ name, help, labels, series }) => ({
        name,
        help,
        labels,
        series: [...series.values()].map(({ values, item }) => ({ values, durations: item.copy() })),
      })),
      gauges: this.#gauges.map(({ name, help, labels, type, read }) => ({
        name,
        help,
        labels,
        type,
        series: [...read()],
      })),
    };
  }

  /** Drops the series of something that is gone for good, so that its place is free. Whoever holds one counts for nobody. */
  forget(label: string, value: string, label2: string, value2: string): void {
    for (const { labels, series, places } of [...this.#counters, ...this.#durations]) {
      const [at, at2] = [labels.indexOf(label), labels.indexOf(label2)];
      if (at < 0 || at2 < 0) continue;
      for (const [key, { values }] of series) {
        if (values[at] !== value || values[at2] !== value2) continue;
        series.delete(key);
        places.delete(placeOf(labels, values));
      }
    }
  }

  /** Adds counters and durations of another process; what has no family here gets one. Gauges: `merged-metrics.ts`. */
  add({ counters, durations }: MetricsCopy): void {
    for (const copy of counters) {
      const family = familyIn(this.#counters, copy);
      const series = seriesOf(family, () => ({ value: 0 }));
      for (const { values, value, older } of copy.series) {
        const counter = series(...values);
        counter.value += value;
        // Beyond the limit of places, it went into the series of the others.
        const entry = family.series.get(values.join('\u0000'));
        if (entry !== undefined) entry.older += older;
      }
    }
    for (const copy of durations) {
      const series = seriesOf(familyIn(this.#durations, copy), () => new Durations());
      for (const { values, durations: other } of copy.series) series(...values).add(other);
    }
  }

  /** Says since when what is recent was counted. */
  recentSince(monotonicMs: number): void {
    this.#turnedAtMs = [monotonicMs, monotonicMs];
  }

  /** The series of a family of counters; `recent`: grown by so much lately. */
  counterSeries(name: string): { labels: Record<string, string>; value: number; recent: number }[] {
    const family = this.#counters.find((candidate) => candidate.name === name);
    return family === undefined ? [] : countersIn(family);
  }

  /** The series of a family of durations. */
  durationSeries(name: string): { labels: Record<string, string>; durations: Durations }[] {
    const family = this.#durations.find((candidate) => candidate.name === name);
    return [...(family?.series.values() ?? [])].map(({ values, item }) => ({
      labels: named(family?.labels ?? [], values),
      durations: item,
    }));
  }

  /** Prometheus text format 0.0.4. */
  text(): string {
    const out: string[] = [];
    const head = (name: string, help: string, type: string) =>
      out.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const { name, help, labels, series } of this.#counters) {
      head(name, help, 'counter');
      for (const { values, item } of series.values()) out.push(`${name}${labelText(labels, values)} ${item.value}`);
    }
    for (const { name, help, labels, series } of this.#durations) {
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
      // Buckets add up over instances, but say little about the tail: these say it, for this instance.
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
    for (const { name, help, labels, type, read } of this.#gauges) {
      head(name, help, type);
      for (const { values, value } of read()) out.push(`${name}${labelText(labels, values)} ${value}`);
    }
    return `${out.join('\n')}\n`;
  }

  /** The same as JSON, with percentiles in milliseconds. */
  json(): MetricsJson {
    const counters = this.#counters.map((family) => ({ name: family.name, series: countersIn(family) }));
    const gauges = this.#gauges.map(({ name, labels, read }) => ({
      name,
      series: [...read()].map(({ values, value }) => ({ labels: named(labels, values), value })),
    }));
    const durations = this.#durations.map(({ name, labels, series }) => ({
      name,
      series: [...series.values()].map(({ values, item }) => ({
        labels: named(labels, values),
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
}

/** Whether what a label names is not in force any more. */
export type IsGone = (label: string, value: string) => boolean;

function moved(entry: Entry<unknown>, value: number): void {
  entry.older = entry.newer;
  entry.newer = value;
}

function drop({ labels, series, places }: FamilyOf<unknown>, isGone: IsGone): void {
  const before = series.size;
  for (const [key, { values, older, newer }] of series) {
    if (older === newer && values.some((value, i) => isGone(labels[i] ?? '', value))) series.delete(key);
  }
  if (series.size === before) return;
  places.clear();
  for (const { values } of series.values()) places.add(placeOf(labels, values));
}

interface FamilyCopy<S> {
  name: string;
  help: string;
  labels: readonly string[];
  series: ({ values: readonly string[] } & S)[];
}

/** What one process has counted, as plain data. */
export interface MetricsCopy {
  recentMs: number;
  counters: FamilyCopy<{ value: number; older: number }>[];
  durations: FamilyCopy<{ durations: DurationsCopy }>[];
  gauges: (FamilyCopy<{ value: number }> & { type: Gauge['type'] })[];
}

interface LabelledValue {
  labels: Record<string, string>;
  value: number;
}

/** What `GET /metrics.json` answers. */
export interface MetricsJson {
  counters: { name: string; series: (LabelledValue & { recent: number })[] }[];
  gauges: { name: string; series: LabelledValue[] }[];
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

function named(labels: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(labels.map((label, i) => [label, values[i] ?? '']));
}

function countersIn({ labels, series }: FamilyOf<Counter>) {
  return [...series.values()].map(({ values, item, older }) => ({
    labels: named(labels, values),
    value: item.value,
    recent: item.value - older,
  }));
}

function familyIn<T>(families: FamilyOf<T>[], { name, help, labels }: Omit<FamilyCopy<object>, 'series'>): FamilyOf<T> {
  const known = families.find((family) => family.name === name);
  if (known !== undefined) return known;
  const made: FamilyOf<T> = { name, help, labels, series: new Map(), places: new Set() };
  families.push(made);
  return made;
}

function seriesOf<T>(family: FamilyOf<T>, make: () => T): Series<T> {
  return (...values) => {
    const key = values.join('\u0000');
    const known = family.series.get(key);
    if (known !== undefined) return known.item;
    const { labels, places } = family;
    const place = placeOf(labels, values);
    if (!places.has(place)) {
      if (places.size >= placesMax) {
        const others = values.map((value, i) => (closedLabels.has(labels[i] ?? '') ? value : 'other'));
        if (others.some((value, i) => value !== values[i])) return seriesOf(family, make)(...others);
      }
      places.add(place);
    }
    const item = make();
    family.series.set(key, { values, item, older: 0, newer: 0 });
    return item;
  };
}

function placeOf(labels: readonly string[], values: readonly string[]): string {
  return values.filter((_, i) => !closedLabels.has(labels[i] ?? '')).join('\u0000');
}

function labelText(labels: readonly string[], values: readonly string[]): string {
  if (labels.length === 0) return '';
  return `{${labels.map((label, i) => `${label}="${escaped(values[i] ?? '')}"`).join(',')}}`;
}

function escaped(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
