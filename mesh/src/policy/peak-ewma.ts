import type { AttemptResult } from './balancer.ts';

export interface PeakEwmaOptions {
  /** Time constant of the decay of the peak, ms. */
  decayMs: number;
  /** How long a failure counts as a request in flight, ms; 0 = failures are measured like successes. */
  failurePenaltyMs: number;
  /** The maximum Retry-After that counts, ms. */
  maxRetryAfterMs: number;
}

/** The cost of an endpoint without recent measurements while its first request is in flight: more than any other. */
export const coldCostMs = 2 ** 40;

/**
 * The expected duration of the next request to one endpoint, in ms: its latency times the requests in front of it.
 *
 * The latency is a moving average that jumps up to a peak at once and decays with `decayMs`, and toward 0 while
 * nothing is measured, so that a slow endpoint is tried again. An endpoint without a measurement costs nothing: it gets
 * one request at once, and the next after the reply to the first. (As in Finagle's PeakEwma. Guessing a latency
 * instead, as others do, starves new endpoints beside endpoints that are faster than the guess.) The same holds for an
 * endpoint whose measurement is older than `decayMs`. Otherwise all clients would find out together that a slow
 * endpoint is still slow.
 *
 * Beyond Finagle, so that an endpoint that fails fast attracts no load:
 * - A failure never lowers the latency, and goes on counting as a request in flight. It decays with the time constant
 *   `failurePenaltyMs`, as if it had taken that long. One failure in a thousand weighs almost nothing; an endpoint that
 *   fails fast soon has as many requests in flight as one that hangs. (If the latency itself jumped by the penalty, all
 *   requests would go to the one endpoint that has had no failure for longest.)
 * - Retry-After is time that a request would have to wait, so it is added.
 * - Silence is a measurement: if requests wait and no reply has come for longer than the average, the silence is the
 *   latency. A hanging endpoint is avoided before the first timeout.
 */
export class PeakEwma {
  readonly #options: PeakEwmaOptions;
  #measured = false;
  #latencyMs = 0;
  /** The time of `#latencyMs`. */
  #latencyAtMs: number;
  #waiting = 0;
  /** When an attempt last ended, or when the only one in flight began. */
  #progressAtMs = 0;
  #failures = 0;
  #failuresAtMs = 0;
  #blockedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: PeakEwmaOptions, nowMs: number) {
    this.#options = options;
    this.#latencyAtMs = nowMs;
  }

  started(nowMs: number): void {
    if (this.#waiting === 0) this.#progressAtMs = nowMs;
    this.#waiting += 1;
  }

  /** See Balancer.observe. */
  observe(nowMs: number, latencyMs: number, result: AttemptResult, retryAfterMs: number): void {
    if (this.#waiting > 0) this.#waiting -= 1;
    const { failurePenaltyMs, maxRetryAfterMs } = this.#options;
    if (result === 'abandoned') {
      if (latencyMs > this.#decayedMs(nowMs)) this.#set(nowMs, latencyMs);
      return;
    }
    this.#progressAtMs = nowMs;
    if (retryAfterMs > 0) {
      this.#blockedUntilMs = Math.max(this.#blockedUntilMs, nowMs + Math.min(retryAfterMs, maxRetryAfterMs));
    }
    if (result === 'success' || failurePenaltyMs === 0) {
      this.#measure(nowMs, latencyMs);
      return;
    }
    this.#failures = this.#recentFailures(nowMs) + 1;
    this.#failuresAtMs = nowMs;
    this.#set(nowMs, Math.max(latencyMs, this.#measured ? this.#latencyMs : failurePenaltyMs));
  }

  /** Forgets all failures and delays: a probe has succeeded, and the endpoint is measured from scratch. */
  forgive(nowMs: number): void {
    this.#measured = false;
    this.#latencyMs = 0;
    this.#latencyAtMs = nowMs;
    this.#failures = 0;
    this.#blockedUntilMs = Number.NEGATIVE_INFINITY;
  }

  /** Expected latency of one request with none in front of it, ms. */
  latencyMs(nowMs: number): number {
    const decayedMs = this.#decayedMs(nowMs);
    return this.#waiting === 0 ? decayedMs : Math.max(decayedMs, nowMs - this.#progressAtMs);
  }

  /**
   * @param inFlight attempts at the endpoint whose reply has not ended
   * @param relativeWeight the endpoint's weight in relation to the average: an endpoint of twice the weight takes twice
   * as many requests
   */
  costMs(nowMs: number, inFlight: number, relativeWeight: number): number {
    if (!this.#measured && inFlight > 0) return coldCostMs + inFlight / relativeWeight;
    // A slow measurement has decayed, and the endpoint may still be slow: one request finds out before others follow.
    if (this.#waiting > 0 && this.#faded(nowMs)) return coldCostMs + inFlight / relativeWeight;
    const inFront = (inFlight + this.#recentFailures(nowMs)) / relativeWeight;
    const blockedMs = Math.max(0, this.#blockedUntilMs - nowMs);
    return this.latencyMs(nowMs) * (1 + inFront) + blockedMs;
  }

  #measure(nowMs: number, latencyMs: number): void {
    if (!this.#measured || latencyMs >= this.#latencyMs) {
      this.#set(nowMs, latencyMs);
      return;
    }
    const kept = Math.exp(-this.#sinceMs(nowMs, this.#latencyAtMs) / this.#options.decayMs);
    this.#set(nowMs, this.#latencyMs * kept + latencyMs * (1 - kept));
  }

  #set(nowMs: number, latencyMs: number): void {
    this.#measured = true;
    this.#latencyMs = latencyMs;
    this.#latencyAtMs = nowMs;
  }

  #decayedMs(nowMs: number): number {
    return this.#latencyMs * Math.exp(-this.#sinceMs(nowMs, this.#latencyAtMs) / this.#options.decayMs);
  }

  /** The last measurement is so old that the latency says little. */
  #faded(nowMs: number): boolean {
    return this.#sinceMs(nowMs, this.#latencyAtMs) > this.#options.decayMs;
  }

  #recentFailures(nowMs: number): number {
    if (this.#failures === 0) return 0;
    return this.#failures * Math.exp(-this.#sinceMs(nowMs, this.#failuresAtMs) / this.#options.failurePenaltyMs);
  }

  #sinceMs(nowMs: number, thenMs: number): number {
    return Math.max(0, nowMs - thenMs);
  }
}
