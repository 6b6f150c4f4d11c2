import type { EndpointView } from './balancer.ts';
import { type WeightOf, Weights } from './weights.ts';

/** The cost of sending the next request there. `relativeWeight`: 1 = as much as the average endpoint can take. */
export type Cost = (endpoint: EndpointView, nowMs: number, relativeWeight: number) => number;

/**
 * Power of two choices: draws two endpoints at random and takes the cheaper one. Nearly as even as comparing all
 * endpoints, and requests do not all run to the same one. (Mitzenmacher, "The Power of Two Choices in Randomized Load
 * Balancing".)
 *
 * With unequal weights an endpoint is drawn in proportion to its weight, and may be drawn twice. So the shares follow
 * the weights as long as the costs are about the same. If the endpoint costs much more than another one, that other one
 * is taken. Otherwise an endpoint would get a share of all requests however slow it is, and the heaviest of a few
 * endpoints would get half of them.
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

  /** Null only if `endpoints` is empty. */
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

/** From this ratio of costs on, load alone does not explain the difference. */
const muchDearer = 4;
