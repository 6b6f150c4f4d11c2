import type { LatencyWindow } from './latency-window.ts';

export interface HedgeOptions {
  /** 50 to 99.9: of the service's own latency. */
  percentile: number;
  /** The minimum delay, ms. */
  minDelayMs: number;
  /** The maximum of attempts besides the first. */
  maxHedges: number;
}

/** With fewer measurements there is no hedge: they say nothing about a tail. */
export const hedgeLeastMeasurements = 100;

/** How far back a service's latency counts for hedging, ms. */
export const hedgeWindowMs = 30_000;

/**
 * When to start the next attempt while one is still in flight, in ms from the start of the last one; null = never.
 * (Dean and Barroso, "The Tail at Scale": hedged requests.) At the p95, one request in twenty is sent twice.
 *
 * The caller sends it only if the request is idempotent, its body was kept, there is another endpoint, and the retry
 * budget has a retry left at that moment: when a whole service becomes slow, every request exceeds the percentile.
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
