/** So many failures, less what has succeeded since, before a service can be out. Fewer may be chance. */
export const outageFailuresMin = 8;
/** More failures than this count no further, so that two or three successes end any outage. */
export const outageFailuresMax = 32;
/** How long a service must have been failing, ms. A burst of failures at one moment is no outage. */
export const outageMinMs = 200;
/** After so long without a failure, those before it say nothing any more, ms. */
export const outageMemoryMs = 10_000;

/**
 * Whether a service is out: nearly nothing that it was sent of late has succeeded, and the last attempt on each endpoint
 * that it has failed. Retries into an outage buy nothing and are load that keeps the service down, so there are none.
 * Requests themselves find out when it is over. (The SRE book, "Addressing Cascading Failures"; AWS SDKs, adaptive retries.)
 *
 * Each failure counts one, each success halves the count. So a service of which a fifth of the attempts or more succeed is
 * not out, and an endpoint that fails alone, however much, does not make its service so: another one may do better.
 */
export class Outage<Endpoint extends object> {
  #failures = 0;
  #sinceMs = 0;
  #lastFailureMs = Number.NEGATIVE_INFINITY;
  /** Those whose last attempt failed. */
  readonly #failing = new Set<Endpoint>();

  /** An attempt has succeeded. */
  succeeded(endpoint: Endpoint, nowMs: number): void {
    if (this.#failures === 0) return;
    this.#failures >>= 1;
    this.#failing.delete(endpoint);
    if (this.#failures < outageFailuresMin) this.#sinceMs = nowMs;
  }

  /** An attempt has failed, by the endpoint's doing. */
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

  /** Whether there are failures enough for an outage. */
  get suspected(): boolean {
    return this.#failures >= outageFailuresMin;
  }

  /** Whether a retry would only be load. @param usable endpoints that a retry may go to */
  isOut(usable: readonly Endpoint[], nowMs: number): boolean {
    if (!this.suspected) return false;
    if (nowMs - this.#sinceMs < outageMinMs || nowMs - this.#lastFailureMs > outageMemoryMs) return false;
    return usable.every((endpoint) => this.#failing.has(endpoint));
  }
}
