import { type Balancer, type EndpointView, learnsNothing } from './balancer.ts';
import { hash32, hashPair } from './hash.ts';

/**
 * In flight, in relation to an endpoint's share, before the session overflows to the next endpoint. (Mirrokni et al.,
 * "Consistent Hashing with Bounded Loads".)
 */
export const hashLoadFactor = 1.25;

/**
 * Keeps a session (`context.hash`) at its endpoint by weighted rendezvous hashing (Thaler and Ravishankar, with the
 * logarithmic weights of Schindelhauer and Schomaker). Session and endpoint make a score; the highest score wins. When
 * an endpoint comes or goes, only the sessions move that it wins or has won, and they spread over all other endpoints.
 * A ring or a Maglev table only comes near to that, and must be rebuilt. Linear in the number of endpoints, which is
 * small.
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

/**
 * Strictly between 0 and 1, so that its logarithm is a finite number below 0. Among equal weights the order is the same
 * as by score.
 */
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
