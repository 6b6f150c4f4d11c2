import { Counter, Gauge, type Metric, Registry } from '@prometheus-io/client';

/** Bucket bounds in seconds, from half a millisecond (issuing a token) to the deadline of a slow call. */
export const durationBucketsS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;

/** One series of a histogram. An observation is a short scan and two additions, without allocation. */
export class DurationSeries {
  readonly counts = new Float64Array(durationBucketsS.length + 1);
  sumS = 0;

  observe(seconds: number): void {
    let bucket = 0;
    while (bucket < durationBucketsS.length && seconds > (durationBucketsS[bucket] ?? 0)) bucket++;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sumS += seconds;
  }
}

/** A plain number that the hot path adds to. Read only when metrics are scraped. */
export interface PlainCounter {
  value: number;
}

interface SeriesOf<Value> {
  labels: Record<string, string>;
  value: Value;
}

/**
 * The metrics of a process. Counting is plain arithmetic on numbers that the caller holds. Labels and text are made
 * only for GET /metrics.
 */
export class Metrics {
  readonly #registry = new Registry();

  /** A counter. Call `series` once for each set of label values. */
  counter(name: string, help: string, labelNames: readonly string[] = []): CounterFamily {
    const family = new CounterFamily();
    new Counter<string>({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const { labels, value } of family.all) this.inc(labels, value.value);
      },
    });
    return family;
  }

  /** A value that is read when metrics are scraped. */
  gauge(name: string, help: string, read: () => number): void {
    this.gauges(name, help, [], () => [{ labels: {}, value: read() }]);
  }

  /** Values that are read when metrics are scraped, each with its labels. A label that is not read any more is gone. */
  gauges(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => readonly { labels: Record<string, string>; value: number }[],
  ): void {
    new Gauge<string>({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const { labels, value } of read()) this.set(labels, value);
      },
    });
  }

  /** A histogram of durations in seconds. */
  durations(name: string, help: string): DurationFamily {
    const family = new DurationFamily(name, help);
    // The library's own histogram looks up its labels at every observation. The registry uses only `name` and `get`
    // of a metric, so ours needs no more.
    this.#registry.registerMetric(family as unknown as Metric<string>);
    return family;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Prometheus text exposition format 0.0.4. */
  render(): Promise<string> {
    return this.#registry.metrics();
  }
}

export class CounterFamily {
  readonly all: SeriesOf<PlainCounter>[] = [];

  series(labels: Record<string, string> = {}): PlainCounter {
    const value: PlainCounter = { value: 0 };
    this.all.push({ labels, value });
    return value;
  }
}

export class DurationFamily {
  readonly #all: SeriesOf<DurationSeries>[] = [];
  readonly name: string;
  readonly #help: string;

  constructor(name: string, help: string) {
    this.name = name;
    this.#help = help;
  }

  series(labels: Record<string, string>): DurationSeries {
    const value = new DurationSeries();
    this.#all.push({ labels, value });
    return value;
  }

  /** The values in the form that the registry prints. */
  get() {
    return {
      name: this.name,
      help: this.#help,
      type: 'histogram',
      values: this.#all.flatMap((one) => this.#lines(one)),
    };
  }

  #lines({ labels, value }: SeriesOf<DurationSeries>) {
    let total = 0;
    const buckets = Array.from(value.counts, (count, index) => {
      total += count;
      const le = durationBucketsS[index] === undefined ? '+Inf' : String(durationBucketsS[index]);
      return { metricName: `${this.name}_bucket`, labels: { ...labels, le }, value: total };
    });
    return [
      ...buckets,
      { metricName: `${this.name}_sum`, labels, value: value.sumS },
      { metricName: `${this.name}_count`, labels, value: total },
    ];
  }
}
