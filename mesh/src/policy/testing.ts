import type { EndpointView } from './balancer.ts';

/** An endpoint for tests: what the data plane keeps, in a plain object. */
export interface FakeEndpoint extends EndpointView {
  weight: number;
  inFlight: number;
  sinceMs: number;
}

export function fakeEndpoint(
  id: string,
  given: { weight?: number; inFlight?: number; sinceMs?: number } = {},
): FakeEndpoint {
  const states = new Map<symbol, unknown>();
  return {
    id,
    weight: given.weight ?? 1,
    inFlight: given.inFlight ?? 0,
    sinceMs: given.sinceMs ?? Number.NEGATIVE_INFINITY,
    stateOf<T>(key: symbol, make: () => T): T {
      if (!states.has(key)) states.set(key, make());
      return states.get(key) as T;
    },
  };
}

export function fakeEndpoints(weights: readonly number[]): FakeEndpoint[] {
  return weights.map((weight, index) => fakeEndpoint(`10.0.0.${index}:80`, { weight }));
}

/** Numbers from 0 to 1 that look random and are the same every time (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How often each of `items` comes in `count` draws. */
export function tally<T>(items: readonly T[], count: number, draw: () => T | null): number[] {
  const counts = items.map(() => 0);
  for (let n = 0; n < count; n += 1) {
    const index = items.indexOf(draw() as T);
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts;
}

/** The attempts in flight in a simulation, in the order in which they end. */
export class UnderWay<T> {
  /** The next one to end is the last element. */
  readonly #ends: { atMs: number; what: T }[] = [];

  add(atMs: number, what: T): void {
    let index = 0;
    while (index < this.#ends.length && (this.#ends[index]?.atMs ?? 0) > atMs) index += 1;
    this.#ends.splice(index, 0, { atMs, what });
  }

  /** Everything that has ended by `nowMs`. */
  endedBy(nowMs: number, end: (what: T, atMs: number) => void): void {
    for (let last = this.#ends.at(-1); last !== undefined && last.atMs <= nowMs; last = this.#ends.at(-1)) {
      this.#ends.pop();
      end(last.what, last.atMs);
    }
  }
}
