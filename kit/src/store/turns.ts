import { ServiceError } from '../service/errors.ts';

/**
 * One connection for many callers: each takes its turn. For engines inside the process, where a statement between two
 * statements of a transaction would belong to it.
 */
export class Turns {
  readonly #limitMs: number;
  #last: Promise<unknown> = Promise.resolve();

  /** @param limitMs how long a caller waits for its turn */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /**
   * @throws ServiceError `store_unavailable` when the turn does not come in time. A transaction that calls the store
   *   instead of its own connection would wait for itself.
   */
  async take<Result>(work: () => Promise<Result> | Result): Promise<Result> {
    const before = this.#last;
    const mine = Promise.withResolvers<void>();
    this.#last = before.then(() => mine.promise);
    try {
      await this.#wait(before);
      return await work();
    } finally {
      mine.resolve();
    }
  }

  async #wait(before: Promise<unknown>): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const cause = new Error(`the store was busy for ${this.#limitMs} ms`);
      reject(new ServiceError('store_unavailable', { cause, retryAfterS: 1 }));
    }, this.#limitMs);
    try {
      await Promise.race([before, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
