/** The maximum relative error of a percentile: the ratio of a bucket's bounds, minus 1. */
export const latencyWindowError = 0.1;
/** The number of stretches in a window. The window forgets one stretch at a time. */
export const latencyWindowStretches = 5;

const lowestMs = 0.1;
const highestMs = 300_000;
const growth = Math.log(1 + latencyWindowError);
const bucketCount = Math.ceil(Math.log(highestMs / lowestMs) / growth) + 1;

/**
 * Latencies of the last `windowMs` as a histogram whose buckets grow by 10 percent (0.1 ms to 5 min), in stretches by
 * absolute time as in sliding-window.ts. Adding takes one logarithm; a percentile walks some 160 numbers, and is at
 * most 10 percent above the true one, never below.
 */
export class LatencyWindow {
  readonly #stretchMs: number;
  readonly #counts = new Uint32Array(latencyWindowStretches * bucketCount);
  readonly #all = new Uint32Array(bucketCount);
  readonly #stretches = new Float64Array(latencyWindowStretches).fill(Number.NEGATIVE_INFINITY);
  /** The latest stretch that has been read or written: everything too old by then has been subtracted from `#all`. */
  #latest = Number.NEGATIVE_INFINITY;
  #count = 0;

  /** @throws RangeError when the window has no length */
  constructor(windowMs: number) {
    if (!(windowMs > 0)) throw new RangeError('windowMs must be above 0');
    this.#stretchMs = windowMs / latencyWindowStretches;
  }

  add(nowMs: number, latencyMs: number): void {
    const stretch = this.#advance(nowMs);
    const at = slotOf(stretch);
    this.#stretches[at] = stretch;
    const bucket = bucketOf(latencyMs);
    const index = at * bucketCount + bucket;
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#all[bucket] = (this.#all[bucket] as number) + 1;
    this.#count += 1;
  }

  /** Latencies in the window. */
  count(nowMs: number): number {
    this.#advance(nowMs);
    return this.#count;
  }

  /**
   * The latency that `percent` (0 to 100) of the requests did not exceed, ms; null with fewer than `least`
   * measurements, because a percentile of three requests means nothing.
   */
  percentileMs(nowMs: number, percent: number, least = 1): number | null {
    this.#advance(nowMs);
    if (this.#count < Math.max(1, least)) return null;
    let left = Math.max(1, Math.ceil((percent / 100) * this.#count));
    for (let bucket = 0; bucket < bucketCount; bucket += 1) {
      left -= this.#all[bucket] as number;
      if (left <= 0) return lowestMs * Math.exp(bucket * growth);
    }
    return highestMs;
  }

  /** Subtracts everything too old by `nowMs`. A clock that goes back counts as standing still. */
  #advance(nowMs: number): number {
    const stretch = Math.floor(nowMs / this.#stretchMs);
    if (stretch <= this.#latest) return this.#latest;
    this.#latest = stretch;
    for (let at = 0; at < latencyWindowStretches; at += 1) {
      if ((this.#stretches[at] as number) <= stretch - latencyWindowStretches) this.#empty(at);
    }
    return stretch;
  }

  #empty(at: number): void {
    if (this.#stretches[at] === Number.NEGATIVE_INFINITY) return;
    this.#stretches[at] = Number.NEGATIVE_INFINITY;
    for (let bucket = 0; bucket < bucketCount; bucket += 1) {
      const index = at * bucketCount + bucket;
      const count = this.#counts[index] as number;
      if (count === 0) continue;
      this.#all[bucket] = (this.#all[bucket] as number) - count;
      this.#count -= count;
      this.#counts[index] = 0;
    }
  }
}

function slotOf(stretch: number): number {
  return ((stretch % latencyWindowStretches) + latencyWindowStretches) % latencyWindowStretches;
}

/** The first bucket whose upper bound is not below the latency. */
function bucketOf(latencyMs: number): number {
  if (!(latencyMs > lowestMs)) return 0;
  return Math.min(bucketCount - 1, Math.ceil(Math.log(latencyMs / lowestMs) / growth));
}
