/**
 * Counts of two kinds (good, bad) over the last `windowMs`, in buckets by absolute time: a bucket belongs to one stretch
 * of time, and whatever it held before is gone when it is read or written for another. So old failures fall out also
 * where nothing calls for a long time, and without a timer. Exact to one bucket: what is counted is between
 * `windowMs - bucketMs` and `windowMs` old.
 */
export class SlidingWindow {
  readonly #bucketMs: number;
  readonly #good: Uint32Array;
  readonly #bad: Uint32Array;
  /** Which stretch of time (nowMs / bucketMs) each bucket holds. */
  readonly #stretches: Float64Array;

  /** @throws RangeError where a number is not above 0 */
  constructor(windowMs: number, buckets: number = slidingWindowBuckets) {
    if (!(windowMs > 0) || !(buckets >= 1)) throw new RangeError('windowMs must be above 0, and buckets at least 1');
    this.#bucketMs = windowMs / buckets;
    this.#good = new Uint32Array(buckets);
    this.#bad = new Uint32Array(buckets);
    this.#stretches = new Float64Array(buckets).fill(Number.NEGATIVE_INFINITY);
  }

  /** A time from before what is already counted counts as late as that. */
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

/** Linkerd's number: a tenth of the window is the coarsest that a window forgets. */
export const slidingWindowBuckets = 10;
