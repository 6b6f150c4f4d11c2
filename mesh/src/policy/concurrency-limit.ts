export interface ConcurrencyLimits {
  /** Requests that may be in flight. */
  maxInFlight: number;
  /** Requests that may wait for a place; more are shed. */
  maxQueued: number;
}

/**
 * Requests in flight and in the queue of one service. The caller keeps the waiting requests and their timeouts:
 * `Waiter` is any handle for waking one (compared by identity).
 *
 * Requests beyond the queue are shed, because an unbounded queue makes every reply too late. (Envoy's max_requests and
 * max_pending_requests.) The queue is first in, first out.
 */
export class ConcurrencyLimit<Waiter> {
  #limits: ConcurrencyLimits;
  #inFlight = 0;
  /** In the order of arrival; a waiter leaves in constant time. */
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
   * Takes a place if there is one. Call `leave` once for every `true`. No request overtakes the queue: a place that
   * comes free is handed on at once, so there is no free place while a request waits.
   */
  tryEnter(): boolean {
    if (this.#inFlight >= this.#limits.maxInFlight) return false;
    this.#inFlight += 1;
    return true;
  }

  /** Joins the queue; false = it is full: reply 503 with Retry-After. */
  tryQueue(waiter: Waiter): boolean {
    if (this.#queue.size >= this.#limits.maxQueued) return false;
    this.#queue.add(waiter);
    return true;
  }

  /** Leaves the queue, after a timeout or when the client has gone. False = it was no longer in the queue. */
  withdraw(waiter: Waiter): boolean {
    return this.#queue.delete(waiter);
  }

  /** A request has ended. @returns the waiter that has its place now, to be woken; null = none waits */
  leave(): Waiter | null {
    this.#inFlight = Math.max(0, this.#inFlight - 1);
    return this.#next();
  }

  /**
   * Sets new limits. Lower limits hold for new requests only. @returns the waiters that have a place now, to be woken
   */
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
