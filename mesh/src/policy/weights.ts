import type { EndpointView } from './balancer.ts';
import { slowStartWeight } from './slow-start.ts';

/** The weight that an endpoint has now, above 0. */
export type WeightOf = (endpoint: EndpointView, nowMs: number) => number;

/** The weight that the documents give it. */
export const plainWeight: WeightOf = (endpoint) => endpoint.weight;

/** The same, less while the endpoint is new. */
export function warmingWeight(options: { windowMs: number; aggression: number; minWeightPercent: number }): WeightOf {
  if (options.windowMs === 0) return plainWeight;
  return (endpoint, nowMs) =>
    // An endpoint without any weight would never be chosen, and so never be measured.
    Math.max(endpoint.weight * smallestPart, slowStartWeight(endpoint.weight, nowMs - endpoint.sinceMs, options));
}

const smallestPart = 0.001;

/** The weights of the endpoints of one choice, in memory that is reused. */
export class Weights {
  readonly #weightOf: WeightOf;
  #values = new Float64Array(16);
  #count = 0;
  #sum = 0;
  #equal = true;

  constructor(weightOf: WeightOf) {
    this.#weightOf = weightOf;
  }

  /** Whether all weights are the same. */
  get equal(): boolean {
    return this.#equal;
  }

  get sum(): number {
    return this.#sum;
  }

  read(endpoints: readonly EndpointView[], nowMs: number): void {
    this.#count = endpoints.length;
    if (this.#values.length < this.#count) this.#values = new Float64Array(this.#count * 2);
    this.#sum = 0;
    this.#equal = true;
    let at = 0;
    for (const endpoint of endpoints) {
      const weight = this.#weightOf(endpoint, nowMs);
      this.#values[at] = weight;
      if (weight !== this.#values[0]) this.#equal = false;
      this.#sum += weight;
      at += 1;
    }
  }

  at(index: number): number {
    return this.#values[index] as number;
  }

  /** Weight in relation to the average: 1 = like the others. */
  relative(index: number): number {
    return this.#equal ? 1 : ((this.#values[index] as number) * this.#count) / this.#sum;
  }

  /** The index at `point` (0 to 1) of the sum. */
  indexAt(point: number): number {
    let left = point * this.#sum;
    const last = this.#count - 1;
    for (let index = 0; index < last; index += 1) {
      left -= this.#values[index] as number;
      if (left < 0) return index;
    }
    // The last endpoint takes what rounding leaves over.
    return last;
  }
}
