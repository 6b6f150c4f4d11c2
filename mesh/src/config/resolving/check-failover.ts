import type { Documents } from '../reading/documents.ts';
import { type EffectivePolicies, routesOf } from './effective-policies.ts';

/**
 * Warns of failovers that have no effect: their Service is not among the documents, or no route of the policy has a
 * rule of that name. Requests are then treated as without failover.
 */
export function checkFailovers(
  { HTTPRoutePolicy: policies, HTTPRoute: routes, Service: services }: Documents,
  effective: EffectivePolicies,
): void {
  for (const { value, at } of policies) {
    const { failover } = value.spec;
    if (failover === undefined) continue;
    const service = services.find(({ value: { metadata } }) => metadata.name === failover.service);
    if (!at.states(['spec', 'failover', 'backendRef'])) {
      // Another policy names the Service.
    } else if (service === undefined) {
      at.warn(['spec', 'failover', 'backendRef', 'name'], 'names no Service among the documents: no effect');
    } else if (!service.faulty && service.value.spec.ports.every(({ port }) => port !== failover.port)) {
      at.warn(['spec', 'failover', 'backendRef', 'port'], `is not a port of Service ${failover.service}: no effect`);
    }
    const applied = routesOf(at, effective);
    if (applied.size === 0) continue;
    const rules = routes
      .filter(({ value: route }) => applied.has(route.metadata.name))
      .flatMap(({ value: route }) => route.spec.rules.flatMap(({ name }) => name ?? []));
    for (const [index, name] of (failover.rules ?? []).entries()) {
      if (rules.includes(name)) continue;
      at.warn(['spec', 'failover', 'rules', index], 'names no rule of these routes: no effect');
    }
  }
}
