import type { Candidate } from './choice.ts';

/**
 * Smooth weighted round robin, as nginx does it: each turn every candidate earns its weight, the richest is chosen and
 * pays the sum. Weights 5, 1, 1 give a a b a c a a, not a a a a a b c.
 *
 * Credit is kept under each candidate's own key, so that it stays with the endpoint when the list changes.
 */
export class SmoothRoundRobin<Key extends object> {
  readonly #credit = new WeakMap<Key, number>();

  /** @returns the index, or -1 of none */
  next(candidates: readonly Candidate[], keyOf: (index: number) => Key): number {
    let sum = 0;
    for (const { weight } of candidates) sum += weight;
    const even = sum === 0;
    if (even) sum = candidates.length;
    let best = -1;
    let bestCredit = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < candidates.length; i += 1) {
      const key = keyOf(i);
      const credit = (this.#credit.get(key) ?? 0) + (even ? 1 : (candidates[i]?.weight ?? 0));
      this.#credit.set(key, credit);
      if (credit > bestCredit) {
        best = i;
        bestCredit = credit;
      }
    }
    if (best >= 0) this.#credit.set(keyOf(best), bestCredit - sum);
    return best;
  }
}
