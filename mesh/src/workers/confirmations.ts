/** What one worker has been told, and what of that it has in force. */
export class Confirmations {
  /** Generation by the number of the state that is to be confirmed. */
  readonly #sent = new Map<number, number>();
  #sentGeneration = 0;
  #number = 0;
  #generation = 0;

  /** The number of the last state that the worker has confirmed. */
  get number(): number {
    return this.#number;
  }

  /** The generation that the worker has in force. */
  get generation(): number {
    return this.#generation;
  }

  /** Notes a state that goes out. @returns whether the worker has been sent the configuration of `generation` before */
  sent(number: number, generation: number): boolean {
    const known = this.#sentGeneration === generation;
    this.#sentGeneration = generation;
    this.#sent.set(number, generation);
    return known;
  }

  confirm(number: number): void {
    this.#number = Math.max(this.#number, number);
    this.#generation = this.#sent.get(number) ?? this.#generation;
    this.#sent.delete(number);
  }

  /** A worker that listens has put the state in force that it was started with. */
  confirmFirst(): void {
    const [first] = this.#sent.keys();
    if (first !== undefined) this.confirm(first);
  }
}
