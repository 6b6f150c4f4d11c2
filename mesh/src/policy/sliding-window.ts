/**
 * Counts of two kinds (good, bad) over the last `windowMs`, in buckets by absolute time. A bucket belongs to one
 * stretch of time; reading or writing it for another stretch clears it first. So old failures are dropped without a
 * timer, even without calls for a long time. Exact to one bucket: the counts are between `windowMs - bucketMs` and
 * `windowMs` old.
 */
export class SlidingWindow {
  readonly #bucketMs: number;
  readonly #good: Uint32Array;
  readonly #bad: Uint32Array;
  /** The stretch of time (nowMs / bucketMs) of each bucket. */
  readonly #stretches: Float64Array;

  /** @throws RangeError when a number is not above 0 */
  constructor(windowMs: number, buckets: number = slidingWindowBuckets) {
    if (!(windowMs > 0) || !(buckets >= 1)) throw new RangeError('windowMs must be above 0, and buckets at least 1');
    this.#bucketMs = windowMs / buckets;
    this.#good = new Uint32Array(buckets);
    this.#bad = new Uint32Array(buckets);
    this.#stretches = new Float64Array(buckets).fill(Number.NEGATIVE_INFINITY);
  }

  /** A time before the last counted one counts as the last one. */
  add(nowMs: number, good: boolean): void {
    const stretch = Math.floor(nowMs / this.#bucketMs);
    const at = this.#indexOf(stretch);
    if (stretch > (this.#stretches[at] as number)) {
      this.#stretches[at] = stretch;
      this.#good[at] = 0;
      this.#bad[at] = 0;
    }
    const counts = good ? this.#good : this.#bad;
    counts[at] = (counts[at] as number) + 1;
  }

  good(nowMs: number): number {
    return this.#sum(this.#good, nowMs);
  }

  bad(nowMs: number): number {
    return this.#sum(this.#bad, nowMs);
  }

  clear(): void {
    this.#stretches.fill(Number.NEGATIVE_INFINITY);
    this.#good.fill(0);
    this.#bad.fill(0);
  }

  #sum(counts: Uint32Array, nowMs: number): number {
    const oldest = Math.floor(nowMs / this.#bucketMs) - counts.length + 1;
    let sum = 0;
    for (let at = 0; at < counts.length; at += 1) {
      if ((this.#stretches[at] as number) >= oldest) sum += counts[at] as number;
    }
    return sum;
  }

  #indexOf(stretch: number): number {
    const { length } = this.#stretches;
    return ((stretch % length) + length) % length;
  }
}

/** Linkerd's number: a window forgets a tenth at a time. */
export const slidingWindowBuckets = 10;
