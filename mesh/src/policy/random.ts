import { type Balancer, learnsNothing } from './balancer.ts';
import { type WeightOf, Weights } from './weights.ts';

/** Any endpoint, in proportion to the weights. */
export function randomBalancer(weightOf: WeightOf, random: () => number): Balancer {
  const weights = new Weights(weightOf);
  return {
    pick(endpoints, { nowMs }) {
      if (endpoints.length <= 1) return endpoints[0] ?? null;
      weights.read(endpoints, nowMs);
      return endpoints[weights.indexAt(random())] ?? null;
    },
    ...learnsNothing,
  };
}
