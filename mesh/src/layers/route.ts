import { MeshError } from '../errors.ts';
import type { Layer } from '../layer.ts';
import type { Generation } from '../parts.ts';

/** Finds the rule of a request. */
export function route({ routes }: Generation): Layer {
  return {
    name: 'route',
    scope: 'request',
    sentence: "Finds the HTTPRoute rule of the request, by the Gateway API's precedence; 404 without one.",
    inside: [{ name: 'rescue', reason: 'a request without a route gets 404' }],
    wrap: (next) => (exchange) => {
      const found = routes.find(exchange.facts.entrance, exchange);
      if (found === null) throw new MeshError('no_route', 'No route leads there.');
      exchange.route = found;
      return next(exchange);
    },
  };
}
