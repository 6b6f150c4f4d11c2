import { MeshError } from '../errors.ts';
import type { Layer } from '../layer.ts';
import type { Backend, RouteRule } from '../routing/rule.ts';
import type { Parts } from './parts.ts';

/** Divides the requests of a rule among its backends. */
export function split({ random }: Parts): Layer {
  return {
    name: 'split',
    scope: 'route',
    sentence: "Chooses the service by the weights of the rule's backendRefs.",
    inside: [
      { name: 'route', reason: 'the weights are the rule’s' },
      { name: 'deadline', reason: 'a request is chosen for once, however often it is tried' },
    ],
    wrap: (next) => (exchange) => {
      const rule = exchange.route?.rule;
      const backend = rule === undefined ? null : chosen(rule, random());
      if (backend === null) throw new MeshError('no_backend', 'The route that leads there has no backend.');
      exchange.backend = backend;
      return next(exchange);
    },
  };
}

/** The backend at `point` (0 to 1) of the rule's weights; null where all are 0. */
export function chosen(rule: RouteRule, point: number): Backend | null {
  if (rule.weightSum === 0) return null;
  let left = point * rule.weightSum;
  for (const backend of rule.backends) {
    left -= backend.weight;
    if (left < 0) return backend;
  }
  return null;
}
