import { type Balancer, learnsNothing } from './balancer.ts';
import { PowerOfTwoChoices } from './p2c.ts';
import type { WeightOf } from './weights.ts';

/**
 * The one of two endpoints drawn at random that has fewer requests in flight for its weight. (Envoy's LEAST_REQUEST
 * with choice_count 2.)
 */
export function leastRequest(weightOf: WeightOf, random: () => number): Balancer {
  const choices = new PowerOfTwoChoices(({ inFlight }, _nowMs, share) => 1 + inFlight / share, weightOf, random);
  return {
    pick: (endpoints, { nowMs }) => choices.pick(endpoints, nowMs),
    ...learnsNothing,
  };
}
