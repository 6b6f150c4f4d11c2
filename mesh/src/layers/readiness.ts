import type { CircuitBreakerPolicy } from '../config/policy-model.ts';
import type { Endpoint } from '../discovery/endpoint.ts';
import { healthOf } from '../discovery/health.ts';
import type { Service } from '../discovery/service.ts';
import type { Readiness } from '../policy/balancer.ts';
import { Breaker } from '../policy/breaker.ts';
import { mayEject } from '../policy/ejection.ts';

/** The breaker of one endpoint, and the words it was made from. */
interface Held {
  policy: CircuitBreakerPolicy | null;
  breaker: Breaker | null;
}

const key = Symbol('circuit breaker');

function heldOf(endpoint: Endpoint): Held {
  return endpoint.stateOf<Held>(key, () => ({ policy: null, breaker: null }));
}

/**
 * The breaker of `endpoint` by the policy of its service; null where that says none. Other words make a new breaker, which
 * admits: what the old one knew was judged by rules that nobody wants any more.
 */
export function breakerOf(service: Service, endpoint: Endpoint, random: () => number): Breaker | null {
  const { circuitBreaker } = service.policy;
  const held = heldOf(endpoint);
  if (held.policy === circuitBreaker) return held.breaker;
  const same = held.policy !== null && JSON.stringify(held.policy) === JSON.stringify(circuitBreaker);
  held.policy = circuitBreaker;
  if (same) return held.breaker;
  held.breaker = circuitBreaker.enabled ? new Breaker(circuitBreaker, random, () => mayTrip(service, endpoint)) : null;
  return held.breaker;
}

/** The breaker, if an attempt has ever needed one: for those who only look. */
export function knownBreakerOf(endpoint: Endpoint): Breaker | null {
  return heldOf(endpoint).breaker;
}

/** Whether balancing may choose an endpoint of `service`: its health checks and its breaker together. */
export function readinessIn(service: Service, random: () => number): (endpoint: Endpoint, nowMs: number) => Readiness {
  return (endpoint, nowMs) => readinessOf(service, endpoint, nowMs, random);
}

function readinessOf(service: Service, endpoint: Endpoint, nowMs: number, random: () => number): Readiness {
  if (healthOf(endpoint).state === 'unhealthy') return 'out';
  if (knownBreakerOf(endpoint) === null) return 'ready';
  // By the policy in force: who switches breakers off, or makes them milder, wants the endpoint back now.
  return breakerOf(service, endpoint, random)?.readiness(nowMs) ?? 'ready';
}

/** Why no request can be expected to succeed at `service` now; null where one can, or where one is due to find out. */
export function whyUnusable(
  service: Service,
  nowMs: number,
  random: () => number,
): 'no_endpoint' | 'none_healthy' | null {
  const { endpoints } = service;
  for (const endpoint of endpoints) if (readinessOf(service, endpoint, nowMs, random) !== 'out') return null;
  return endpoints.length === 0 ? 'no_endpoint' : 'none_healthy';
}

/** Those that are out already, for whichever reason, leave less for the breaker to take. */
function mayTrip(service: Service, tripping: Endpoint): boolean {
  const { endpoints, policy } = service;
  let out = 0;
  for (const endpoint of endpoints) {
    if (endpoint === tripping) continue;
    const { reason } = knownBreakerOf(endpoint) ?? { reason: null };
    if (reason !== null || healthOf(endpoint).state === 'unhealthy') out += 1;
  }
  return mayEject(endpoints.length, out, policy.circuitBreaker.maxEjectionPercent);
}
