import { type Balancer, type EndpointView, learnsNothing } from './balancer.ts';
import type { WeightOf } from './weights.ts';

/**
 * Smooth weighted round robin, as in nginx: on each pick every endpoint earns its weight, the richest is chosen and
 * pays the sum. Weights 5, 1, 1 give a a b a c a a, not a a a a a b c. Endpoints keep their credit when others come and
 * go.
 */
export function roundRobin(weightOf: WeightOf): Balancer {
  // Each balancer has its own key, so that two balancers (of two generations of a configuration) do not share credit.
  const key = Symbol('round robin');
  return {
    pick<E extends EndpointView>(endpoints: readonly E[], { nowMs }: { nowMs: number }): E | null {
      let best: E | null = null;
      let bestCredit: Credit | null = null;
      let sum = 0;
      for (const endpoint of endpoints) {
        const weight = weightOf(endpoint, nowMs);
        const credit = endpoint.stateOf(key, noCredit);
        sum += weight;
        credit.value += weight;
        if (bestCredit !== null && credit.value <= bestCredit.value) continue;
        best = endpoint;
        bestCredit = credit;
      }
      if (bestCredit !== null) bestCredit.value -= sum;
      return best;
    },
    ...learnsNothing,
  };
}

interface Credit {
  value: number;
}

const noCredit = (): Credit => ({ value: 0 });
