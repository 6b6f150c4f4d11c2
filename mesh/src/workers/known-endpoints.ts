import { healthOf } from '../discovery/health.ts';
import type { Registry } from '../discovery/registry.ts';
import type { KnownEndpoints } from './messages.ts';

/** What discovery and health checks of the primary know, for workers, which have neither. */
export function knownEndpoints(registry: Registry): KnownEndpoints[] {
  return registry.services().map(({ name, port, endpoints }) => ({
    service: name,
    port,
    endpoints: endpoints.map((endpoint) => {
      const { state: health, last: lastCheck } = healthOf(endpoint);
      return { host: endpoint.host, port: endpoint.port, weight: endpoint.weight, health, lastCheck };
    }),
  }));
}

/** Gives the services of a worker the endpoints that the primary knows. */
export function adoptEndpoints(registry: Registry, services: readonly KnownEndpoints[]): void {
  for (const { service: name, port, endpoints } of services) {
    const service = registry.find(name, port);
    if (service === undefined) continue;
    registry.setEndpoints(service, endpoints);
    for (const [index, { health, lastCheck }] of endpoints.entries()) {
      const endpoint = service.endpoints[index];
      if (endpoint !== undefined) healthOf(endpoint).set(health, lastCheck);
    }
  }
}
