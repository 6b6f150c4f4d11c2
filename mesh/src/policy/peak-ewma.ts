import type { AttemptResult } from './balancer.ts';

export interface PeakEwmaOptions {
  /** Time constant of the decay of the peak, ms. */
  decayMs: number;
  /** How long a failure counts as a request under way, ms; 0 = failures are measured like successes. */
  failurePenaltyMs: number;
  /** A Retry-After is believed up to here, ms. */
  maxRetryAfterMs: number;
}

/** What an endpoint costs that has not been measured, or not of late, while a first request waits: more than any that has been. */
export const coldCostMs = 2 ** 40;

/**
 * What the next request to one endpoint is expected to take, in ms: its latency times the requests in front of it.
 *
 * The latency is a moving average that jumps up to a peak at once and decays with `decayMs`, and towards 0 while nothing
 * is measured, so that an endpoint that was slow is tried again. An endpoint without a measurement costs nothing: it gets
 * one request at once, and the next when that has been answered. (Finagle's PeakEwma. To guess a latency instead, as
 * others do, starves what is new beside what is faster than the guess.) So does one whose measurement is older than `decayMs`: else
 * all clients would find out together that what was slow is slow still.
 *
 * Beyond Finagle, so that an endpoint that fails fast attracts no load:
 * - a failure never lowers the latency, and goes on counting as a request under way: it is forgotten with the time
 *   constant `failurePenaltyMs`, as if it had taken that long. One failure in a thousand weighs next to nothing; a fast
 *   failer soon has as many requests under way as a hanging one. (To let the latency itself jump by the penalty would
 *   send everybody to the one endpoint that has had no failure for longest.)
 * - Retry-After is time that a request would have to wait, so it is added.
 * - silence is a measurement: where requests wait for a reply and none has come for longer than the average, the
 *   silence is the latency. A hanging endpoint is avoided before the first timeout.
 */
export class PeakEwma {
  readonly #options: PeakEwmaOptions;
  #measured = false;
  #latencyMs = 0;
  /** When `#latencyMs` was true. */
  #latencyAtMs: number;
  #waiting = 0;
  /** When an attempt last ended, or the only one under way began. */
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

  /** Forgets everything bad: the endpoint has proved itself (a probe succeeded) and is measured anew. */
  forgive(nowMs: number): void {
    this.#measured = false;
    this.#latencyMs = 0;
    this.#latencyAtMs = nowMs;
    this.#failures = 0;
    this.#blockedUntilMs = Number.NEGATIVE_INFINITY;
  }

  /** Expected latency of one request with nothing in front of it, ms. */
  latencyMs(nowMs: number): number {
    const decayedMs = this.#decayedMs(nowMs);
    return this.#waiting === 0 ? decayedMs : Math.max(decayedMs, nowMs - this.#progressAtMs);
  }

  /**
   * @param inFlight attempts at the endpoint whose reply has not ended
   * @param relativeWeight the endpoint's weight in relation to the average: with twice the weight, twice as many requests are as much
   */
  costMs(nowMs: number, inFlight: number, relativeWeight: number): number {
    if (!this.#measured && inFlight > 0) return coldCostMs + inFlight / relativeWeight;
    // What was slow has faded, and may be slow still: one request finds out, before everybody follows it.
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

  /** Nothing has been measured for so long that the latency says little. */
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
