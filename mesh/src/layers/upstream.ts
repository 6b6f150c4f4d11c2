import { MeshError } from '../errors.ts';
import type { Layer } from '../layer.ts';
import { tunnel } from '../upstream/tunnel.ts';

/** The innermost layer: hands the request to the connections of its endpoint. */
export function upstream(): Layer {
  return {
    name: 'upstream',
    scope: 'transport',
    sentence:
      'Sends the request on a kept-alive connection to the endpoint, or joins the two connections of an upgrade.',
    inside: [{ name: 'balance', reason: 'the endpoint must have been chosen' }],
    wrap: () => (exchange) => {
      const { endpoint } = exchange;
      if (endpoint === null) throw new MeshError('no_endpoint', 'No instance of the service is known.');
      if (exchange.aborted !== null) throw exchange.aborted;
      exchange.facts.attempts += 1;
      if (exchange.upgrade !== null) return tunnel(exchange, endpoint, exchange.backend?.service.policy.timeouts);
      return endpoint.connections.send(exchange);
    },
  };
}
