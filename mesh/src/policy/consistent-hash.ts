import { hashPoint } from './hash.ts';

/** A candidate with a name that outlives changes of the list. */
export interface Named {
  id: string;
  weight: number;
}

/**
 * Weighted rendezvous hashing (Thaler and Ravishankar 1998, with the logarithmic weights of Schindelhauer and Schomaker): the key and each
 * candidate make a score, and the highest wins. When a candidate comes or goes, only the keys move that it wins or
 * won; and there is no table to build. Linear in the candidates, of which a service has few.
 *
 * @returns the index, or -1 of none
 */
export function rendezvous(candidates: readonly Named[], key: string): number {
  let best = -1;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < candidates.length; i += 1) {
    const { id, weight } = candidates[i] as Named;
    if (weight <= 0) continue;
    // Never 0, whose logarithm is infinite.
    const point = hashPoint(`${id}\n${key}`) + 2 ** -33;
    const score = -weight / Math.log(point);
    if (score > bestScore) {
      best = i;
      bestScore = score;
    }
  }
  return best === -1 && candidates.length > 0 ? Math.floor(hashPoint(key) * candidates.length) : best;
}
