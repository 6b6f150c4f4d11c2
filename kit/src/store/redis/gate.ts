/**
 * Lets many through, or one alone. The one that wants to be alone waits for those inside, and those who come later wait
 * for it, but at most `limitMs`: the gate makes conflicts rare and
 * is no lock.
 */
export class Gate {
  readonly #limitMs: number;
  #inside = new Set<Promise<void>>();
  #alone: Promise<void> = Promise.resolve();

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** Resolves with a function that leaves. */
  async shared(): Promise<() => void> {
    await this.#within(this.#alone);
    const mine = Promise.withResolvers<void>();
    this.#inside.add(mine.promise);
    return () => {
      this.#inside.delete(mine.promise);
      mine.resolve();
    };
  }

  /** Resolves with a function that leaves. */
  async exclusive(): Promise<() => void> {
    const before = this.#alone;
    const mine = Promise.withResolvers<void>();
    this.#alone = before.then(() => mine.promise);
    await this.#within(Promise.all([before, ...this.#inside]));
    return mine.resolve;
  }

  async #within(event: Promise<unknown>): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, this.#limitMs);
    await Promise.race([event, late.promise]);
    clearTimeout(timer);
  }
}
