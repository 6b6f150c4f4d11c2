export interface RetryBudgetOptions {
  /** Retries in percent of the requests of the last `ttlMs`; may be a fraction. */
  percent: number;
  /** In addition to the percentage, so that a service with few requests can retry at all. */
  minRetriesPerSecond: number;
  /** How long requests and retries count. */
  ttlMs: number;
}

/**
 * How many retries a service may get: Finagle's leaky bucket. Every request pays in `percent` hundredths of a retry,
 * every retry takes out a whole one, and both are forgotten after `ttlMs`, in buckets by absolute time (so up to one
 * bucket early). The retries in the window never exceed `percent` of its requests plus the minimum. So a service that
 * fails completely does not get a multiple of its load, and a quiet time does not save up for a storm.
 *
 * One per service, for retries and hedges of all routes together.
 */
export class RetryBudget {
  readonly #percent: number;
  readonly #reserve: number;
  readonly #bucketMs: number;
  /** Deposits minus withdrawals, in hundredths of a retry. */
  readonly #balances = new Float64Array(retryBudgetBuckets);
  /** The stretch of time (nowMs / bucketMs) of each bucket. */
  readonly #stretches = new Float64Array(retryBudgetBuckets).fill(Number.NEGATIVE_INFINITY);

  constructor({ percent, minRetriesPerSecond, ttlMs }: RetryBudgetOptions) {
    this.#percent = percent;
    this.#reserve = (minRetriesPerSecond * ttlMs * whole) / 1000;
    this.#bucketMs = ttlMs / retryBudgetBuckets;
  }

  /** A request has come. Call it once per request of a client, not per attempt: retries must not pay for retries. */
  deposit(nowMs: number): void {
    this.#add(nowMs, this.#percent);
  }

  /** Takes out a retry if one is left. */
  tryWithdraw(nowMs: number): boolean {
    if (this.#balance(nowMs) < whole - rounding) return false;
    this.#add(nowMs, -whole);
    return true;
  }

  /** The retries that are left, for metrics; may be a fraction. */
  available(nowMs: number): number {
    return Math.max(0, this.#balance(nowMs) / whole);
  }

  #balance(nowMs: number): number {
    const oldest = Math.floor(nowMs / this.#bucketMs) - retryBudgetBuckets + 1;
    let sum = this.#reserve;
    for (let at = 0; at < retryBudgetBuckets; at += 1) {
      if ((this.#stretches[at] as number) >= oldest) sum += this.#balances[at] as number;
    }
    return sum;
  }

  #add(nowMs: number, hundredths: number): void {
    const stretch = Math.floor(nowMs / this.#bucketMs);
    const at = ((stretch % retryBudgetBuckets) + retryBudgetBuckets) % retryBudgetBuckets;
    if (stretch > (this.#stretches[at] as number)) {
      this.#stretches[at] = stretch;
      this.#balances[at] = 0;
    }
    this.#balances[at] = (this.#balances[at] as number) + hundredths;
  }
}

/** Finagle's number. */
export const retryBudgetBuckets = 10;
const whole = 100;
/** Rounding of sums must not cost a retry. */
const rounding = 1e-6;
