import type { Balancer, EndpointView } from './balancer.ts';
import { PowerOfTwoChoices } from './p2c.ts';
import { PeakEwma, type PeakEwmaOptions } from './peak-ewma.ts';
import type { WeightOf } from './weights.ts';

const key = Symbol('peak EWMA');

/** The measurements of `endpoint`. They outlive the balancer, and so a change of the configuration. */
export function ewmaOf(endpoint: EndpointView, options: PeakEwmaOptions, nowMs: number): PeakEwma {
  return endpoint.stateOf(key, () => new PeakEwma(options, nowMs));
}

/** The cheaper of two endpoints drawn at random, by expected latency and requests in front. */
export function ewmaBalancer(options: PeakEwmaOptions, weightOf: WeightOf, random: () => number): Balancer {
  const choices = new PowerOfTwoChoices(
    (endpoint, nowMs, relativeWeight) =>
      ewmaOf(endpoint, options, nowMs).costMs(nowMs, endpoint.inFlight, relativeWeight),
    weightOf,
    random,
  );
  return {
    pick: (endpoints, { nowMs }) => choices.pick(endpoints, nowMs),
    started: (endpoint, nowMs) => ewmaOf(endpoint, options, nowMs).started(nowMs),
    observe: (endpoint, nowMs, latencyMs, result, retryAfterMs) =>
      ewmaOf(endpoint, options, nowMs).observe(nowMs, latencyMs, result, retryAfterMs),
    forgive: (endpoint, nowMs) => ewmaOf(endpoint, options, nowMs).forgive(nowMs),
  };
}
