import { build, type Histogram as HdrHistogram, JsHistogram } from 'hdr-histogram-js';
import { type RecentCopy, RecentDurations } from './recent.ts';

/** Upper bounds in seconds: OpenTelemetry's advice for HTTP durations, with three finer steps for loopback and LAN. */
export const boundsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const boundsMs = boundsSeconds.map((bound) => bound * 1000);

/** Durations as Prometheus buckets (which add up across processes) and as an HdrHistogram (for percentiles). */
export class Durations {
  readonly buckets = new Float64Array(boundsMs.length);
  readonly hdr: HdrHistogram;
  readonly recent = new RecentDurations();
  count = 0;
  sumMs = 0;

  constructor() {
    // Microseconds, up to ten minutes, to two digits: an error of at most 1 %, in 25 KB.
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

  /** Adds the durations of another process bucket by bucket, so that percentiles are those of all values together. */
  add(other: DurationsCopy): void {
    this.count += other.count;
    this.sumMs += other.sumMs;
    for (let i = 0; i < this.buckets.length; i += 1) {
      this.buckets[i] = (this.buckets[i] as number) + (other.buckets[i] ?? 0);
    }
    this.recent.add(other.recent);
    addCounts(this.hdr, other.hdr);
  }

  /** Milliseconds below which `percentile` (0 to 100) of the durations lie; 0 without durations. */
  percentileMs(percentile: number): number {
    return this.count === 0 ? 0 : this.hdr.getValueAtPercentile(percentile) / 1000;
  }
}

/** `Durations` as plain data. */
export interface DurationsCopy {
  buckets: number[];
  /** Of the HdrHistogram: pairs of index and count, without the zero counts. */
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
    // Recorded under the value of the index: the histograms have the same layout, so the index is the same.
    hdr.recordValueWithCount(hdr.valueFromIndex(counts[i] as number), counts[i + 1] as number);
  }
}
