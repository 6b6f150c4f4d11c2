import type { CircuitBreakerPolicy } from '../config/policy-model.ts';
import type { Endpoint } from '../discovery/endpoint.ts';
import { healthOf } from '../discovery/health.ts';
import type { Service } from '../discovery/service.ts';
import type { Readiness } from '../policy/balancer.ts';
import { Breaker } from '../policy/breaker.ts';
import { mayEject } from '../policy/ejection.ts';
import { ByPolicy } from './by-policy.ts';

/** `breaker` is null where the policy switches breakers off. */
interface EndpointBreaker {
  breaker: Breaker | null;
}

const breakers = new ByPolicy<CircuitBreakerPolicy, EndpointBreaker>('circuit breaker');

/**
 * The breaker of `endpoint` by the policy of its service; null where the policy has none. A changed policy creates a
 * new breaker that admits, because the old one judged by rules that no longer apply.
 */
export function breakerOf(service: Service, endpoint: Endpoint, random: () => number): Breaker | null {
  const policy = service.policy.circuitBreaker;
  const known = breakers.get(endpoint, policy);
  if (known !== null) return known.breaker;
  const breaker = policy.enabled ? new Breaker(policy, random, () => mayTrip(service, endpoint)) : null;
  return breakers.keep(endpoint, policy, { breaker }).breaker;
}

/** The breaker of `endpoint`, null if no attempt has needed one yet. For readers: creates none. */
export function knownBreakerOf(endpoint: Endpoint): Breaker | null {
  return breakers.latest(endpoint)?.breaker ?? null;
}

/** Whether balancing may choose an endpoint of `service`, by its health checks and its breaker. */
export function readinessIn(service: Service, random: () => number): (endpoint: Endpoint, nowMs: number) => Readiness {
  return (endpoint, nowMs) => readinessOf(service, endpoint, nowMs, random);
}

function readinessOf(service: Service, endpoint: Endpoint, nowMs: number, random: () => number): Readiness {
  if (healthOf(endpoint).state === 'unhealthy') return 'out';
  if (knownBreakerOf(endpoint) === null) return 'ready';
  // By the policy in force: switching breakers off, or relaxing them, brings the endpoint back at once.
  return breakerOf(service, endpoint, random)?.readiness(nowMs) ?? 'ready';
}

/** Why no request to `service` can be expected to succeed now; null where one can, or where a probe is due. */
export function whyUnusable(
  service: Service,
  nowMs: number,
  random: () => number,
): 'no_endpoint' | 'none_healthy' | null {
  const { endpoints } = service;
  for (const endpoint of endpoints) if (readinessOf(service, endpoint, nowMs, random) !== 'out') return null;
  return endpoints.length === 0 ? 'no_endpoint' : 'none_healthy';
}

/** Endpoints that are out already, for any reason, count toward the share that breakers may take out. */
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
