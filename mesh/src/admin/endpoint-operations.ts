import type { Endpoint } from '../discovery/endpoint.ts';
import { healthOf } from '../discovery/health.ts';
import type { Registry } from '../discovery/registry.ts';
import { occupancyOf } from '../service-state/places.ts';
import { knownBreakerOf } from '../service-state/readiness.ts';
import type { Operation } from './server.ts';

/** The services and endpoints of this process. @param nowMs monotonic */
export function endpointOperations(registry: Registry, nowMs: () => number): Operation[] {
  return [
    {
      methods: ['GET'],
      path: '/endpoints',
      right: 'read',
      summary: 'Every service with its endpoints: health, circuit breaker, and requests under way.',
      handle: () => ({
        json: {
          services: registry.services().map((service) => ({
            service: service.name,
            port: service.port,
            ...occupancyOf(service),
            endpoints: service.endpoints.map((endpoint) => ({
              endpoint: endpoint.id,
              weight: endpoint.weight,
              inFlight: endpoint.inFlight,
              connections: endpoint.connections.stats(),
              health: healthShown(endpoint),
              breaker: breakerShown(endpoint, nowMs()),
            })),
          })),
        },
      }),
    },
  ];
}

function healthShown(endpoint: Endpoint): { state: string; last: string } {
  const { state, last } = healthOf(endpoint);
  return { state, last };
}

/** An endpoint without attempts has no breaker yet, and is admitted. */
function breakerShown(endpoint: Endpoint, nowMs: number): { state: string; reason?: string; probeInMs?: number } {
  const breaker = knownBreakerOf(endpoint);
  if (breaker === null || breaker.reason === null) return { state: 'admitting' };
  const probeInMs = Math.max(0, Math.round(breaker.trippedUntilMs - nowMs));
  return { state: breaker.state(nowMs), reason: breaker.reason, probeInMs };
}
