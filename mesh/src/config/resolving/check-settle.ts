import type { Documents } from '../reading/documents.ts';
import type { Step } from '../tree/tree.ts';
import { type EffectivePolicies, routesOf } from './effective-policies.ts';

/** Warns of references of `settle` that lead nowhere. Without its Service nothing is ever settled. */
export function checkSettles(
  { HTTPRoutePolicy: policies, HTTPRoute: routes, Service: services }: Documents,
  effective: EffectivePolicies,
): void {
  for (const { value, at } of policies) {
    const { settle } = value.spec;
    if (settle === undefined) continue;
    const steps: Step[] = ['spec', 'settle'];
    const service = services.find(({ value: { metadata } }) => metadata.name === settle.service);
    if (!at.states(['spec', 'settle', 'service'])) {
      // Another policy names the Service.
    } else if (service === undefined) {
      at.warn([...steps, 'service', 'name'], 'names no Service among the documents: nothing is ever settled');
    } else if (!service.faulty && service.value.spec.ports.every(({ port }) => port !== settle.port)) {
      at.warn([...steps, 'service', 'port'], `is not a port of Service ${settle.service}: nothing is ever settled`);
    }
    if (settle.after === undefined) continue;
    const { writesRule, readRules = [] } = settle.after;
    for (const name of routesOf(at, effective)) {
      const route = routes.find((candidate) => candidate.value.metadata.name === name);
      if (route === undefined) continue;
      const names = route.value.spec.rules.flatMap((rule) => rule.name ?? []);
      const lead = `names no rule of HTTPRoute ${name}`;
      if (!names.includes(writesRule)) {
        at.warn([...steps, 'after', 'writesRule'], `${lead}: its reads stay where they are while settling fails`);
      }
      for (const [index, rule] of readRules.entries()) {
        if (!names.includes(rule)) at.warn([...steps, 'after', 'readRules', index], `${lead}: no effect there`);
      }
    }
  }
}
