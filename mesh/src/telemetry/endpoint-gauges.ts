import type { LoadBalancerPolicy } from '../config/policy-model.ts';
import type { Endpoint } from '../discovery/endpoint.ts';
import { healthOf } from '../discovery/health.ts';
import type { Registry } from '../discovery/registry.ts';
import type { Service } from '../discovery/service.ts';
import type { BreakerState } from '../policy/breaker.ts';
import { ewmaOf } from '../policy/ewma-balancer.ts';
import { occupancyOf } from '../service-state/places.ts';
import { knownBreakerOf } from '../service-state/readiness.ts';
import type { Metrics } from './metrics.ts';

/** In the order of the numbers that stand for the states. */
const breakerStates: readonly BreakerState[] = ['admitting', 'tripped', 'probing'];

/** The state of each endpoint and each service, read on request. @param nowMs monotonic */
export function endpointGauges(metrics: Metrics, registry: Registry, nowMs: () => number): void {
  const ofEndpoints = (name: string, help: string, read: (endpoint: Endpoint) => number) =>
    metrics.gauge(name, help, ['service', 'endpoint'], () =>
      registry
        .services()
        .flatMap(({ endpoints }) => endpoints)
        .map((endpoint) => ({ values: [endpoint.service, endpoint.id], value: read(endpoint) })),
    );
  const ofServices = (name: string, help: string, read: (service: Service) => number) =>
    metrics.gauge(name, help, ['service'], () => {
      // The ports of a service are one series.
      const sums = new Map<string, number>();
      for (const service of registry.services()) sums.set(service.name, (sums.get(service.name) ?? 0) + read(service));
      return [...sums].map(([service, value]) => ({ values: [service], value }));
    });

  ofEndpoints('http_client_active_requests', 'Attempts in flight.', ({ inFlight }) => inFlight);
  ofEndpoints('http_client_open_connections', 'Connections open.', ({ connections }) => connections.stats().open);
  ofEndpoints(
    'http_client_queued_requests',
    'Attempts that wait for a connection.',
    ({ connections }) => connections.stats().queued,
  );
  ofEndpoints('mesh_breaker_state', 'Circuit breaker: 0 admitting, 1 tripped, 2 probing.', (endpoint) =>
    breakerStates.indexOf(knownBreakerOf(endpoint)?.state(nowMs()) ?? 'admitting'),
  );
  ofEndpoints(
    'mesh_endpoint_healthy',
    'What active health checks say: 0 unhealthy, 1 healthy or not checked yet.',
    (endpoint) => (healthOf(endpoint).state === 'unhealthy' ? 0 : 1),
  );
  metrics.gauge(
    'mesh_endpoint_expected_latency_seconds',
    'Peak EWMA: what the balancer expects of an attempt that nothing is in front of.',
    ['service', 'endpoint'],
    () =>
      registry
        .services()
        .filter(({ policy }) => policy.loadBalancer.algorithm === 'EWMA')
        .flatMap(({ policy, endpoints }) =>
          endpoints.map((endpoint) => ({
            values: [endpoint.service, endpoint.id],
            value: expectedMs(policy.loadBalancer, endpoint, nowMs()) / 1000,
          })),
        ),
  );
  metrics.gauge('mesh_endpoints', 'Instances known, by what the mesh thinks of them.', ['service', 'state'], () => {
    const counts = new Map<string, { values: string[]; value: number }>();
    for (const service of registry.services()) {
      for (const state of endpointStates) {
        const key = `${service.name} ${state}`;
        const count = counts.get(key) ?? { values: [service.name, state], value: 0 };
        count.value += service.endpoints.filter((endpoint) => stateOf(endpoint, nowMs()) === state).length;
        counts.set(key, count);
      }
    }
    return counts.values();
  });
  ofServices(
    'mesh_requests_in_flight',
    'Requests that have a place in flight (limits.maxInFlight).',
    (service) => occupancyOf(service).inFlight,
  );
  ofServices(
    'mesh_requests_queued',
    'Requests that wait for a place in flight.',
    (service) => occupancyOf(service).queued,
  );
}

/** An unhealthy endpoint may be tripped too: the first matching state counts. */
const endpointStates = ['unhealthy', 'tripped', 'probing', 'ready'] as const;

function stateOf(endpoint: Endpoint, nowMs: number): (typeof endpointStates)[number] {
  if (healthOf(endpoint).state === 'unhealthy') return 'unhealthy';
  const breaker = knownBreakerOf(endpoint)?.state(nowMs) ?? 'admitting';
  return breaker === 'admitting' ? 'ready' : breaker;
}

function expectedMs(policy: LoadBalancerPolicy, endpoint: Endpoint, nowMs: number): number {
  const { ewma, failurePenaltyMs, maxRetryAfterMs } = policy;
  return ewmaOf(endpoint, { ...ewma, failurePenaltyMs, maxRetryAfterMs }, nowMs).latencyMs(nowMs);
}
