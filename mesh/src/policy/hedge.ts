import type { LatencyWindow } from './latency-window.ts';

export interface HedgeOptions {
  /** 50 to 99.9: of the service's own latency. */
  percentile: number;
  /** Never sooner than this, ms. */
  minDelayMs: number;
  /** Attempts besides the first. */
  maxHedges: number;
}

/** Fewer measurements than this say nothing about a tail. */
export const hedgeLeastMeasurements = 100;

/** How long back a service's latency counts for hedging, ms. */
export const hedgeWindowMs = 30_000;

/**
 * When to start the next attempt while one is still under way, in ms from the start of the last one; null = not at all.
 * (Dean and Barroso, "The Tail at Scale": hedged requests.) At the p95, one request in twenty is sent twice.
 *
 * The caller sends it only if the request may be sent twice, its body was kept, there is another endpoint, and the retry
 * budget still has a retry at that moment: when a whole service becomes slow, every request is beyond the percentile.
 *
 * @param latencies of the service's successful attempts
 * @param hedges attempts besides the first so far
 * @param remainingMs until the request's deadline; Infinity = none
 */
export function hedgeDelayMs(
  { percentile, minDelayMs, maxHedges }: HedgeOptions,
  latencies: LatencyWindow,
  nowMs: number,
  hedges: number,
  remainingMs: number,
): number | null {
  if (hedges >= maxHedges) return null;
  const latencyMs = latencies.percentileMs(nowMs, percentile, hedgeLeastMeasurements);
  if (latencyMs === null) return null;
  const delayMs = Math.max(minDelayMs, latencyMs);
  return delayMs < remainingMs ? delayMs : null;
}
