import type { Candidate } from './choice.ts';
import { weightedIndex } from './weighted.ts';

/**
 * The power of two choices (Mitzenmacher 2001): two different candidates by chance, and of these the one that costs less.
 * Nearly as even as asking all, without the herd that runs to the one best. Weights make a candidate more likely
 * to be drawn, and divide its cost.
 *
 * @returns the index, or -1 of none
 */
export function twoChoices(
  candidates: readonly Candidate[],
  costOf: (index: number) => number,
  random: () => number,
): number {
  const { length } = candidates;
  if (length <= 1) return length - 1;
  const first = weightedIndex(candidates, random(), -1);
  const second = weightedIndex(candidates, random(), first);
  const a = costOf(first) / Math.max(smallestWeight, candidates[first]?.weight ?? 0);
  const b = costOf(second) / Math.max(smallestWeight, candidates[second]?.weight ?? 0);
  return b < a ? second : first;
}

const smallestWeight = 1e-6;
