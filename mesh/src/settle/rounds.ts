/**
 * Rounds of one task, for callers who each need a round that began after they asked. A caller never joins a round that
 * goes on already; those who come while it goes on share the next one.
 */
export class Rounds<T> {
  readonly #run: () => Promise<T>;
  readonly #atOnceMax: number;
  #running = 0;
  #next: PromiseWithResolvers<T> | null = null;

  /** @param run one round @param atOnceMax rounds that may go on at a time; further callers share one that waits */
  constructor(run: () => Promise<T>, atOnceMax: number) {
    this.#run = run;
    this.#atOnceMax = atOnceMax;
  }

  /** What a round comes to that begins after this call. Rejects as the round does. */
  join(): Promise<T> {
    if (this.#next !== null) return this.#next.promise;
    if (this.#running < this.#atOnceMax) return this.#begin();
    this.#next = Promise.withResolvers<T>();
    return this.#next.promise;
  }

  async #begin(): Promise<T> {
    this.#running += 1;
    try {
      return await this.#run();
    } finally {
      this.#running -= 1;
      const next = this.#next;
      this.#next = null;
      if (next !== null) this.#begin().then(next.resolve, next.reject);
    }
  }
}
