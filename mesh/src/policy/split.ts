import { hashPoint } from './hash.ts';

/**
 * The backend at `point` of the weights; null if all weights are 0. A random point divides requests by the weights; a
 * point that belongs to a client keeps the client on its backend.
 *
 * A change of the weights moves as few clients as possible. Between two backends there is one border, and its move
 * affects only the clients that change sides. With more backends, the first one lies in the middle, and the others grow
 * and shrink at its expense from both ends. So a shift between the first backend and the second or third moves no other
 * client. (For any change among three or more backends, no rule without memory can do so: correlated sampling, Bavarian
 * et al.)
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
  // A gap from rounding must not go to a backend with weight 0.
  return first.weight > 0 ? first : (backends.find(({ weight }) => weight > 0) ?? null);
}

/**
 * The point of a client, 0 to 1, from the value of the cookie or header that identifies it.
 *
 * @param scope what the point is for (the name of a route): with one scope for all, the same clients would always get
 * new versions first
 */
export function stickyPoint(scope: string, value: string): number {
  return hashPoint(`${scope}\u0000${value}`);
}
