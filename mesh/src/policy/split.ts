import { hashPoint } from './hash.ts';

/**
 * The backend at `point` of the weights; null where all weights are 0. A random point divides requests by the weights; a
 * point that belongs to a client keeps the client where it is.
 *
 * A change of the weights moves nobody who need not move: between two backends there is one border, and it moves over
 * exactly the clients that change sides. With more, the first backend lies in the middle and the others grow and shrink
 * at its expense from both ends; so what passes between the first one and the second or third disturbs nobody else.
 * (For any change among three or more backends no rule without memory can do so: correlated sampling, Bavarian et al.)
 *
 * @param weightSum of all of `backends`
 * @param point 0 to 1, 1 excluded
 */
export function backendAt<B extends { readonly weight: number }>(
  backends: readonly B[],
  weightSum: number,
  point: number,
): B | null {
  if (weightSum <= 0) return null;
  const position = point * weightSum;
  let left = 0;
  for (let at = 1; at < backends.length; at += 2) {
    const backend = backends[at] as B;
    left += backend.weight;
    if (position < left) return backend;
  }
  let right = weightSum;
  for (let at = 2; at < backends.length; at += 2) {
    const backend = backends[at] as B;
    right -= backend.weight;
    if (position >= right && backend.weight > 0) return backend;
  }
  const first = backends[0] as B;
  // Where rounding leaves a gap, it must not fall to a backend that is to get nothing.
  return first.weight > 0 ? first : (backends.find(({ weight }) => weight > 0) ?? null);
}

/**
 * The point of a client, 0 to 1, from the value of the cookie or header that it is recognised by.
 *
 * @param scope what the point is for (the name of a route): with the same one everywhere, the same clients would be the
 * first to meet every new version
 */
export function stickyPoint(scope: string, value: string): number {
  return hashPoint(`${scope}\u0000${value}`);
}
