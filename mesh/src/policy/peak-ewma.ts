/**
 * Expected latency of one endpoint: Peak EWMA, after Finagle's load balancer of that name. A measurement above the average
 * replaces it at once; below, the average decays towards it with the time constant `decayMs`. So one slow reply is
 * believed immediately, and an endpoint earns its trust back over time.
 *
 * Times are monotonic milliseconds.
 */
export class PeakEwma {
  #ms: number;
  #atMs: number;
  #measured = false;
  readonly #decayMs: number;

  /** `defaultRttMs` is what an endpoint counts as before its first measurement. */
  constructor(decayMs: number, defaultRttMs: number, nowMs: number) {
    this.#decayMs = decayMs;
    this.#ms = defaultRttMs;
    this.#atMs = nowMs;
  }

  /** Takes one measured latency in. A clock that stands still or goes back weighs nothing. */
  observe(latencyMs: number, nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - this.#atMs);
    this.#atMs = Math.max(this.#atMs, nowMs);
    if (!this.#measured || latencyMs > this.#ms) this.#ms = latencyMs;
    else {
      const kept = Math.exp(-elapsedMs / this.#decayMs);
      this.#ms = this.#ms * kept + latencyMs * (1 - kept);
    }
    this.#measured = true;
  }

  /**
   * Expected latency times the requests that a new one would share it with. What was measured fades while nothing
   * more is: an endpoint that was slow once and is avoided since must be asked again some day.
   */
  cost(inFlight: number, nowMs: number): number {
    // Nothing known and somebody already finding out: the others wait for the outcome.
    if (!this.#measured && inFlight > 0) return coldCost + inFlight;
    return this.expectedMs(nowMs) * (inFlight + 1);
  }

  expectedMs(nowMs: number): number {
    if (!this.#measured) return this.#ms;
    const elapsedMs = Math.max(0, nowMs - this.#atMs);
    return this.#ms * Math.exp(-elapsedMs / this.#decayMs);
  }
}

/** Above every latency, below infinity: a cold endpoint under its first request is taken only if all are. */
const coldCost = 1e12;
