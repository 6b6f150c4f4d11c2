import { type Balancer, type EndpointView, learnsNothing } from './balancer.ts';
import { hash32, hashPair } from './hash.ts';

/**
 * How much more than its share an endpoint may have in flight before the next one of the session takes over. (Mirrokni
 * et al., "Consistent Hashing with Bounded Loads".)
 */
export const hashLoadFactor = 1.25;

/**
 * Keeps a session (`context.hash`) at its endpoint: weighted rendezvous hashing (Thaler and Ravishankar, with the
 * logarithmic weights of Schindelhauer and Schomaker). Session and endpoint make a score; the highest wins. Where an
 * endpoint comes or goes, exactly the sessions move that it wins or has won, and they spread over all the others: a ring
 * or a Maglev table only comes near to that, and must be built again. Linear in the endpoints, of which a service has few.
 *
 * Without a hash the choice is random.
 */
export function consistentHash(random: () => number): Balancer {
  const chosen = <E extends EndpointView>(endpoints: readonly E[], hash: number): E | null => {
    let inFlight = 1;
    let weights = 0;
    let equal = true;
    for (const endpoint of endpoints) {
      if (endpoint.weight !== endpoints[0]?.weight) equal = false;
      inFlight += endpoint.inFlight;
      weights += endpoint.weight;
    }
    const loadMax = (hashLoadFactor * inFlight) / weights;
    let best: E | null = null;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (const endpoint of endpoints) {
      // At least one endpoint has room: the bound is above the average.
      if (endpoint.inFlight + 1 > Math.ceil(loadMax * endpoint.weight)) continue;
      const score = equal ? pointOf(endpoint, hash) : weightedScore(endpoint, hash);
      if (score <= bestScore) continue;
      best = endpoint;
      bestScore = score;
    }
    return best;
  };
  return {
    pick: (endpoints, { hash }) => chosen(endpoints, hash ?? Math.floor(random() * 2 ** 32)),
    ...learnsNothing,
  };
}

/** Between 0 and 1 and neither, so that its logarithm is a number below 0. Among equal weights the order is the same as by score. */
function pointOf(endpoint: EndpointView, hash: number): number {
  return (hashPair(hash, idHashOf(endpoint)) + 0.5) / 2 ** 32;
}

function weightedScore(endpoint: EndpointView, hash: number): number {
  return -endpoint.weight / Math.log(pointOf(endpoint, hash));
}

const key = Symbol('hash of the id');

/** The endpoint's address, hashed once. */
function idHashOf(endpoint: EndpointView): number {
  return endpoint.stateOf(key, () => ({ value: hash32(endpoint.id) })).value;
}
