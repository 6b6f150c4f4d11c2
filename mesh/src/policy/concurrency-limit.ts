export interface ConcurrencyLimits {
  /** Requests that may be in flight. */
  maxInFlight: number;
  /** Requests that may wait for a place; more are shed. */
  maxQueued: number;
}

/**
 * Requests in flight and in the queue of one service. It decides; who waits, and for how long, is the caller's: `Waiter`
 * is whatever it needs to wake one (identity counts).
 *
 * Shed what does not fit: a queue without a bound answers everybody too late. (Envoy's max_requests and
 * max_pending_requests.) The queue is first come, first served.
 */
export class ConcurrencyLimit<Waiter> {
  #limits: ConcurrencyLimits;
  #inFlight = 0;
  /** In the order of arrival; anybody may leave it in constant time. */
  readonly #queue = new Set<Waiter>();

  constructor(limits: ConcurrencyLimits) {
    this.#limits = limits;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get queued(): number {
    return this.#queue.size;
  }

  /**
   * Takes a place if there is one. Every `true` is followed by one `leave`. Nobody overtakes the queue: a place that comes
   * free is handed on in the same moment, so while anybody waits there is none.
   */
  tryEnter(): boolean {
    if (this.#inFlight >= this.#limits.maxInFlight) return false;
    this.#inFlight += 1;
    return true;
  }

  /** Joins the queue; false = it is full: answer 503 with Retry-After. */
  tryQueue(waiter: Waiter): boolean {
    if (this.#queue.size >= this.#limits.maxQueued) return false;
    this.#queue.add(waiter);
    return true;
  }

  /** Leaves the queue: has waited too long, or its client has gone. False = it was not in it any more. */
  withdraw(waiter: Waiter): boolean {
    return this.#queue.delete(waiter);
  }

  /** A request has ended. @returns who has its place now, to be woken; null = nobody waits */
  leave(): Waiter | null {
    this.#inFlight = Math.max(0, this.#inFlight - 1);
    return this.#next();
  }

  /** New limits. Nobody is thrown out: lower ones hold for those who come. @returns who has a place now, to be woken */
  resize(limits: ConcurrencyLimits): Waiter[] {
    this.#limits = limits;
    const woken: Waiter[] = [];
    for (let next = this.#next(); next !== null; next = this.#next()) woken.push(next);
    return woken;
  }

  #next(): Waiter | null {
    if (this.#inFlight >= this.#limits.maxInFlight) return null;
    for (const waiter of this.#queue) {
      this.#queue.delete(waiter);
      this.#inFlight += 1;
      return waiter;
    }
    return null;
  }
}
