/**
 * Rounds of work, one at a time. A call of `next` never joins the round that is running: what changed before the call
 * might have been read before it. All calls during a round share the one after it.
 */
export class Rounds {
  readonly #work: () => Promise<void>;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** Resolves when a round that began after this call has ended. Rejects with what made that round fail. */
  next(): Promise<void> {
    if (this.#next) return this.#next;
    const before = this.#running ?? Promise.resolve();
    const round = before
      .catch(() => {})
      .then(() => {
        this.#next = null;
        this.#running = round;
        return this.#work();
      })
      .finally(() => {
        if (this.#running === round) this.#running = null;
      });
    this.#next = round;
    return round;
  }
}
