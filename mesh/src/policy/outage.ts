/** The number of failures, halved by each success, before a service can be out. Fewer may be chance. */
export const outageFailuresMin = 8;
/** More failures do not count, so that two or three successes end any outage. */
export const outageFailuresMax = 32;
/** How long a service must have been failing, ms. A burst of failures at one moment is no outage. */
export const outageMinMs = 200;
/** After this long without a failure, earlier failures are forgotten, ms. */
export const outageMemoryMs = 10_000;

/**
 * Whether a service is out: almost all recent attempts have failed, and so has the last attempt on each endpoint.
 * Retries into an outage do not succeed and add load that keeps the service down, so there are none. Ordinary requests
 * find out when the outage is over. (The SRE book, "Addressing Cascading Failures"; AWS SDKs, adaptive retries.)
 *
 * Each failure counts one, each success halves the count. So a service with a success rate of a fifth or more is not
 * out. One failing endpoint, however often it fails, does not put its service out, because another endpoint may
 * succeed.
 */
export class Outage<Endpoint extends object> {
  #failures = 0;
  #sinceMs = 0;
  #lastFailureMs = Number.NEGATIVE_INFINITY;
  /** Endpoints whose last attempt failed. */
  readonly #failing = new Set<Endpoint>();

  /** An attempt has succeeded. */
  succeeded(endpoint: Endpoint, nowMs: number): void {
    if (this.#failures === 0) return;
    this.#failures >>= 1;
    this.#failing.delete(endpoint);
    if (this.#failures < outageFailuresMin) this.#sinceMs = nowMs;
  }

  /** An attempt has failed because of the endpoint. */
  failed(endpoint: Endpoint, nowMs: number): void {
    if (nowMs - this.#lastFailureMs > outageMemoryMs) {
      this.#failures = 0;
      this.#failing.clear();
    }
    if (this.#failures === 0) this.#sinceMs = nowMs;
    this.#failures = Math.min(outageFailuresMax, this.#failures + 1);
    this.#lastFailureMs = nowMs;
    this.#failing.add(endpoint);
  }

  /** Whether there are enough failures for an outage. */
  get suspected(): boolean {
    return this.#failures >= outageFailuresMin;
  }

  /** Whether a retry would only add load. @param usable endpoints that a retry may go to */
  isOut(usable: readonly Endpoint[], nowMs: number): boolean {
    if (!this.suspected) return false;
    if (nowMs - this.#sinceMs < outageMinMs || nowMs - this.#lastFailureMs > outageMemoryMs) return false;
    return usable.every((endpoint) => this.#failing.has(endpoint));
  }
}
