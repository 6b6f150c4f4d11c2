import type { Balancer } from './balancer.ts';
import { consistentHash } from './consistent-hash.ts';
import { ewmaBalancer } from './ewma-balancer.ts';
import { leastRequest } from './least-request.ts';
import { randomBalancer } from './random.ts';
import { roundRobin } from './round-robin.ts';
import { warmingWeight } from './weights.ts';

/** The part of a service's policy that decides how it is balanced. */
export interface BalancerOptions {
  algorithm: 'EWMA' | 'LeastRequest' | 'RoundRobin' | 'Random' | 'ConsistentHash';
  ewma: { decayMs: number };
  failurePenaltyMs: number;
  maxRetryAfterMs: number;
  slowStart: { windowMs: number; aggression: number; minWeightPercent: number };
}

/** The balancer of one service. @param random uniform in [0, 1) */
export function createBalancer(options: BalancerOptions, random: () => number): Balancer {
  const weightOf = warmingWeight(options.slowStart);
  switch (options.algorithm) {
    case 'EWMA': {
      const { ewma, failurePenaltyMs, maxRetryAfterMs } = options;
      return ewmaBalancer({ ...ewma, failurePenaltyMs, maxRetryAfterMs }, weightOf, random);
    }
    case 'LeastRequest':
      return leastRequest(weightOf, random);
    case 'RoundRobin':
      return roundRobin(weightOf);
    case 'Random':
      return randomBalancer(weightOf, random);
    case 'ConsistentHash':
      // No slow start: sessions would move twice, to the new endpoint and while it warms.
      return consistentHash(random);
  }
}
