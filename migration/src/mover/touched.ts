/** The most keys that are remembered. */
const limit = 20_000;

/** The keys that changed since the last clean comparison of both sides: before a switch only these are compared again. */
export class Touched {
  readonly #keys = new Map<string, number>();
  #count = 0;
  /** Whether keys are collected: from the beginning of a comparison on, until there are too many. */
  #collecting = false;
  /** Whether all that is not among the keys has been compared. */
  #complete = false;

  add(keys: Iterable<string>): void {
    if (!this.#collecting) return;
    for (const key of keys) this.#keys.set(key, ++this.#count);
    if (this.#keys.size <= limit) return;
    this.#collecting = false;
    this.#complete = false;
    this.#keys.clear();
  }

  /** Marks the beginning of a comparison. */
  mark(): number {
    this.#collecting = true;
    return this.#count;
  }

  /** The comparison that began at the mark was clean: what changed before it is compared. */
  forget(mark: number): void {
    if (!this.#collecting) return;
    this.#complete = true;
    for (const [key, count] of this.#keys) if (count <= mark) this.#keys.delete(key);
  }

  /** Null: unknown, everything has to be compared. */
  keys(): string[] | null {
    return this.#complete ? [...this.#keys.keys()] : null;
  }
}
