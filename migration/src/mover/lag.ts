/** The lags of the last minutes, in ms. */
export class Lags {
  readonly #values: number[] = [];
  readonly #limit: number;

  constructor(limit = 1_000) {
    this.#limit = limit;
  }

  add(ms: number): void {
    this.#values.push(ms);
    if (this.#values.length > this.#limit) this.#values.shift();
  }

  /** Null without any value. */
  summary(): { p50Ms: number; p99Ms: number; lastMs: number } | null {
    const last = this.#values.at(-1);
    if (last === undefined) return null;
    const sorted = this.#values.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return { p50Ms: round(at(0.5)), p99Ms: round(at(0.99)), lastMs: round(last) };
  }
}

const round = (ms: number) => Math.round(ms * 10) / 10;
