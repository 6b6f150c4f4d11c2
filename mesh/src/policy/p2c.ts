import type { EndpointView } from './balancer.ts';
import { type WeightOf, Weights } from './weights.ts';

/** What it costs to send the next request there. `relativeWeight`: 1 = as much as the average endpoint can take. */
export type Cost = (endpoint: EndpointView, nowMs: number, relativeWeight: number) => number;

/**
 * Power of two choices: two endpoints drawn at random, and the cheaper of them. Nearly as even as asking all of them,
 * without everybody running to the same one. (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing".)
 *
 * With unequal weights an endpoint is drawn in proportion to its weight, and may be drawn twice: so the shares follow
 * the weights where the costs are about the same. Where it is much dearer than another one, that one is taken: else a
 * share of all requests would go to an endpoint however slow it is, half of them to the heaviest of a few.
 */
export class PowerOfTwoChoices {
  readonly #cost: Cost;
  readonly #weights: Weights;
  readonly #random: () => number;

  /** @param random uniform in [0, 1) */
  constructor(cost: Cost, weightOf: WeightOf, random: () => number) {
    this.#cost = cost;
    this.#weights = new Weights(weightOf);
    this.#random = random;
  }

  /** Null exactly where `endpoints` is empty. */
  pick<E extends EndpointView>(endpoints: readonly E[], nowMs: number): E | null {
    const { length } = endpoints;
    if (length <= 1) return endpoints[0] ?? null;
    const weights = this.#weights;
    weights.read(endpoints, nowMs);
    let first: number;
    let second: number;
    if (weights.equal) {
      first = Math.floor(this.#random() * length);
      second = (first + 1 + Math.floor(this.#random() * (length - 1))) % length;
    } else {
      first = weights.indexAt(this.#random());
      second = weights.indexAt(this.#random());
    }
    const drawnTwice = first === second;
    if (drawnTwice) second = (first + 1 + Math.floor(this.#random() * (length - 1))) % length;
    const a = endpoints[first] as E;
    const b = endpoints[second] as E;
    const costOfA = this.#cost(a, nowMs, weights.relative(first));
    const costOfB = this.#cost(b, nowMs, weights.relative(second));
    return costOfB * (drawnTwice ? muchDearer : 1) < costOfA ? b : a;
  }
}

/** So many times the cost is more than what requests under way make of it when all is well. */
const muchDearer = 4;
