import { hashPoint } from './hash.ts';

/**
 * The backend of a client that must stay where it is: the point that its key hashes to, on the weights laid end to end in
 * the order given. When weight moves from one neighbour to the other, the border between them moves and only the
 * clients that it passes over change sides; raising it further moves nobody back. With two backends, the usual canary,
 * that is the smallest possible drift; among several, what is passed on moves through the ones in between.
 *
 * @returns the index, or -1 where all weights are 0
 */
export function stickyIndex(backends: readonly { weight: number }[], key: string, salt: string): number {
  const sum = backends.reduce((total, { weight }) => total + weight, 0);
  if (sum === 0) return -1;
  let left = hashPoint(`${salt}\n${key}`) * sum;
  for (let i = 0; i < backends.length; i += 1) {
    left -= backends[i]?.weight ?? 0;
    if (left < 0) return i;
  }
  return backends.findLastIndex(({ weight }) => weight > 0);
}
