import type { Candidate } from './choice.ts';

/**
 * The candidate at `point` (0 to 1) of the weights laid end to end, leaving out `except` (an index; -1 leaves nobody out). Where
 * all weights are 0 they count as equal.
 *
 * @returns the index, or -1 where there is none to choose
 */
export function weightedIndex(candidates: readonly Candidate[], point: number, except: number): number {
  let sum = 0;
  let last = -1;
  for (let i = 0; i < candidates.length; i += 1) {
    if (i === except) continue;
    sum += candidates[i]?.weight ?? 0;
    last = i;
  }
  if (sum === 0) return evenIndex(candidates.length, point, except);
  let left = point * sum;
  for (let i = 0; i < candidates.length; i += 1) {
    if (i === except) continue;
    left -= candidates[i]?.weight ?? 0;
    if (left < 0) return i;
  }
  return last;
}

function evenIndex(length: number, point: number, except: number): number {
  const count = except >= 0 && except < length ? length - 1 : length;
  if (count <= 0) return -1;
  const index = Math.min(count - 1, Math.floor(point * count));
  return except >= 0 && index >= except ? index + 1 : index;
}
