import { build, type Histogram } from 'hdr-histogram-js';

/** Ten minutes in microseconds: what no request of ours outlives. */
const highestUs = 600_000_000;

/** Latencies in a histogram of microseconds, to three digits (0.1 %). */
export function histogramOf(latencyMs: Iterable<number>): Histogram {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: highestUs,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  });
  for (const ms of latencyMs) histogram.recordValue(Math.min(highestUs, Math.max(1, Math.round(ms * 1000))));
  return histogram;
}

/** Null: the sample is too small for that percentile (`carries`). */
export interface Percentiles {
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  p999Ms: number | null;
  /** Null of no sample at all. */
  maxMs: number | null;
}

/** How sure a percentile must be to be shown: the usual 95 %, half of the rest on either side. */
const eachSide = 0.025;

/**
 * Whether `n` samples carry the percentile `p` (0 to 1): whether the true one lies between the smallest and the largest
 * sample with 95 % confidence, whatever the distribution (order statistics: Wilks 1941). All samples lie below the true
 * percentile with probability p^n, and above it with (1-p)^n. That takes 6 samples for p50, 72 for p95, 368 for p99 and
 * 3,688 for p99.9.
 */
export function carries(n: number, p: number): boolean {
  return Math.max(p, 1 - p) ** n <= eachSide;
}

/** In milliseconds. A bucket's upper end may lie above the slowest request: no percentile does. */
function valueAt(histogram: Histogram, p: number): number {
  return Math.min(histogram.getValueAtPercentile(p * 100), histogram.maxValue) / 1000;
}

export function percentilesOf(histogram: Histogram): Percentiles {
  const n = histogram.totalCount;
  const at = (p: number) => (carries(n, p) ? valueAt(histogram, p) : null);
  return {
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
    maxMs: n === 0 ? null : histogram.maxValue / 1000,
  };
}

/** One point of the percentile curve: a share `p` (0 to 1) of the requests took `ms` or less: `count` of them. */
export interface SpectrumPoint {
  p: number;
  ms: number;
  count: number;
}

/** The whole curve, spaced evenly in log(1/(1-p)), as far as the samples carry it (`carries`). */
export function spectrumOf(histogram: Histogram): SpectrumPoint[] {
  const n = histogram.totalCount;
  if (n === 0) return [];
  const points: SpectrumPoint[] = [];
  for (let step = 0; ; step += 1) {
    const p = 1 - 10 ** (-step / 10);
    if (step > 0 && !carries(n, p)) break;
    points.push({ p, ms: valueAt(histogram, p), count: Math.round(n * p) });
  }
  return points;
}

/** Middle of the values; the mean of the two middle ones of an even number. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] as number;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
