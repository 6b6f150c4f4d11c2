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

export interface Percentiles {
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  p999Ms: number;
  maxMs: number;
}

export function percentilesOf(histogram: Histogram): Percentiles {
  const at = (percentile: number) =>
    histogram.totalCount === 0 ? 0 : histogram.getValueAtPercentile(percentile) / 1000;
  return {
    p50Ms: at(50),
    p95Ms: at(95),
    p99Ms: at(99),
    p999Ms: at(99.9),
    maxMs: histogram.totalCount === 0 ? 0 : histogram.maxValue / 1000,
  };
}

/** One point of the percentile curve: a share `p` (0 to 1) of the requests took `ms` or less; `count` of them. */
export interface SpectrumPoint {
  p: number;
  ms: number;
  count: number;
}

/**
 * The whole curve, spaced evenly in log(1/(1-p)), as far as the samples carry it: a point beyond 1 - 1/n would be
 * read off the one slowest request.
 */
export function spectrumOf(histogram: Histogram): SpectrumPoint[] {
  const n = histogram.totalCount;
  if (n === 0) return [];
  const points: SpectrumPoint[] = [];
  const decades = Math.log10(n);
  for (let step = 0; step / 10 < decades; step += 1) {
    const p = 1 - 10 ** (-step / 10);
    points.push({ p, ms: histogram.getValueAtPercentile(p * 100) / 1000, count: Math.round(n * p) });
  }
  points.push({ p: 1 - 1 / n, ms: histogram.maxValue / 1000, count: n });
  return points;
}

/** Middle of the values; the mean of the two middle ones of an even number. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] as number;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
