/**
 * A map that holds at most `limit` entries, so that hostile keys cost a bounded amount of memory. Entries that were not
 * used for a while go first. There are two generations: a hit in the old one moves the entry to the young one. When the
 * young one is full, the old one is dropped and the young one becomes old. A hit in the young one changes nothing, so
 * it is cheap.
 */
export class BoundedMap<Key, Value> {
  readonly #generationLimit: number;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();

  /** @param limit at least 2 */
  constructor(limit: number) {
    if (!Number.isInteger(limit) || limit < 2) throw new RangeError(`limit must be a whole number above 1: ${limit}`);
    this.#generationLimit = Math.floor(limit / 2);
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: Key): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: Key, value: Value): void {
    this.#old.delete(key);
    if (this.#young.size >= this.#generationLimit && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  *values(): Generator<Value> {
    yield* this.#young.values();
    yield* this.#old.values();
  }

  delete(key: Key): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
}
