/** The resolution, ms; shorter durations count as this. */
const leastMs = 0.05;
/** Buckets per doubling: each is 9 % wide. */
const perDoubling = 8;
/** Up to 14 minutes; longer durations count as that. */
const bucketCount = 24 * perDoubling + 1;

/** Durations of the last one to two periods, to 5 %, in 1.5 KB: the present, which a sum since the start would hide. */
export class RecentDurations {
  #current = new Uint32Array(bucketCount);
  #before = new Uint32Array(bucketCount);

  record(durationMs: number): void {
    const at = durationMs <= leastMs ? 0 : Math.ceil(Math.log2(durationMs / leastMs) * perDoubling);
    const bucket = at < bucketCount ? at : bucketCount - 1;
    this.#current[bucket] = (this.#current[bucket] as number) + 1;
  }

  /** Ends a period: drops the period before last. */
  rotate(): void {
    const oldest = this.#before;
    this.#before = this.#current;
    this.#current = oldest.fill(0);
  }

  /** Plain data, for another process. */
  copy(): RecentCopy {
    return { current: this.#current.slice(), before: this.#before.slice() };
  }

  /** Adds the counts of another process in the same periods. */
  add({ current, before }: RecentCopy): void {
    for (let i = 0; i < bucketCount; i += 1) {
      this.#current[i] = (this.#current[i] as number) + (current[i] ?? 0);
      this.#before[i] = (this.#before[i] as number) + (before[i] ?? 0);
    }
  }

  /** Counts by bucket, added to `sum`. */
  addTo(sum: Float64Array): void {
    for (let i = 0; i < bucketCount; i += 1) {
      sum[i] = (sum[i] as number) + (this.#current[i] as number) + (this.#before[i] as number);
    }
  }
}

/** `RecentDurations` as plain data: counts by bucket of this period and of the one before. */
export interface RecentCopy {
  current: Uint32Array;
  before: Uint32Array;
}

/** How long requests have taken recently, in ms. */
export interface Latencies {
  count: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  p999Ms: number;
}

/** The latencies of all `durations` together. */
export function latenciesOf(durations: Iterable<RecentDurations>): Latencies {
  const counts = new Float64Array(bucketCount);
  for (const each of durations) each.addTo(counts);
  const count = counts.reduce((sum, value) => sum + value, 0);
  const at = (percent: number) => percentileMs(counts, count, percent);
  return { count, p50Ms: at(50), p95Ms: at(95), p99Ms: at(99), p999Ms: at(99.9) };
}

function percentileMs(counts: Float64Array, count: number, percent: number): number {
  if (count === 0) return 0;
  let left = Math.ceil((count * percent) / 100);
  for (let i = 0; i < bucketCount; i += 1) {
    left -= counts[i] as number;
    if (left > 0) continue;
    // The middle of the bucket, on the logarithmic scale.
    const ms = leastMs * 2 ** ((i - (i === 0 ? 0 : 0.5)) / perDoubling);
    return Math.round(ms * 1000) / 1000;
  }
  return 0;
}
