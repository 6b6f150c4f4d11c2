/** The requests of one rule in this process, from the layer hold to the last byte of the reply. */
export class RuleTraffic {
  /** Counts the holds. A request belongs to the epoch in which it went on. */
  #epoch = 0;
  #current = 0;
  #older = 0;
  readonly #listeners = new Set<() => void>();

  get inFlight(): number {
    return this.#current + this.#older;
  }

  /** In flight since before the last hold began. */
  get inFlightBefore(): number {
    return this.#older;
  }

  /** A request goes on. @returns to be called once, when it has ended */
  enter(): () => void {
    const epoch = this.#epoch;
    this.#current += 1;
    return () => {
      if (epoch === this.#epoch) this.#current -= 1;
      else this.#older -= 1;
      if (this.#older === 0) for (const listener of [...this.#listeners]) listener();
    };
  }

  /** A hold begins: what is in flight now is from before it. */
  beginEpoch(): void {
    this.#epoch += 1;
    this.#older += this.#current;
    this.#current = 0;
  }

  /** Calls `listener` whenever nothing is in flight from before the last hold. @returns ends that */
  onDrained(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
