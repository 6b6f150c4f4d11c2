/**
 * Work on one thing, one after the other, within this process. It makes conflicts in the store rare, and is no lock:
 * other processes have lanes of their own.
 */
export class Lanes {
  readonly #last = new Map<string, Promise<unknown>>();

  async take<Result>(lane: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(lane);
    const mine = before === undefined ? work() : before.then(work);
    const settled = mine.catch(() => {});
    this.#last.set(lane, settled);
    try {
      return await mine;
    } finally {
      if (this.#last.get(lane) === settled) this.#last.delete(lane);
    }
  }
}
