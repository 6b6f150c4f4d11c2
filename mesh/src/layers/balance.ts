import type { Random } from '../clock.ts';
import type { Endpoint } from '../discovery/endpoint.ts';
import { MeshError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { Layer } from '../layer.ts';
import type { Parts } from './parts.ts';

/** Chooses among the endpoints of a service. */
export interface Balancer {
  /** Null where there is none to choose. */
  pick(endpoints: readonly Endpoint[], exchange: Exchange): Endpoint | null;
  /** An attempt's head has come (`status`), or it has failed without one (0), after `latencyMs`. */
  observe(endpoint: Endpoint, latencyMs: number, status: number): void;
}

/** Chooses the endpoint of an attempt and keeps the number of attempts in flight at each. */
export function balance(parts: Parts, balancerOf: (exchange: Exchange) => Balancer): Layer {
  const { clock } = parts;
  return {
    name: 'balance',
    scope: 'attempt',
    sentence: 'Chooses the endpoint: power of two choices by expected latency and requests in flight.',
    inside: [{ name: 'split', reason: 'the service is chosen before its endpoint' }],
    wrap: (next) => async (exchange) => {
      const service = exchange.backend?.service;
      if (service === undefined) throw new MeshError('no_backend', 'No service was chosen.');
      const balancer = balancerOf(exchange);
      const endpoint = balancer.pick(candidates(service.endpoints, exchange), exchange);
      if (endpoint === null) throw new MeshError('no_endpoint', 'No instance of the service is known.');
      exchange.endpoint = endpoint;
      exchange.facts.endpoint = endpoint.id;
      endpoint.inFlight += 1;
      const startedMs = clock.now();
      try {
        const reply = await next(exchange);
        balancer.observe(endpoint, clock.now() - startedMs, reply.status);
        reply.body.onEnd(() => {
          endpoint.inFlight -= 1;
        });
        return reply;
      } catch (thrown) {
        endpoint.inFlight -= 1;
        balancer.observe(endpoint, clock.now() - startedMs, 0);
        throw thrown;
      }
    },
  };
}

/** Those that have not been tried; all where that leaves none, except for a hedge, which would only meet its twin there. */
function candidates(endpoints: readonly Endpoint[], { tried, hedge }: Exchange): readonly Endpoint[] {
  if (tried === null) return endpoints;
  const untried = endpoints.filter((endpoint) => !tried.includes(endpoint));
  return untried.length > 0 || hedge ? untried : endpoints;
}

/** Power of two choices by requests in flight. */
export function leastOfTwo(random: Random): Balancer {
  return {
    pick(endpoints) {
      const { length } = endpoints;
      if (length <= 1) return endpoints[0] ?? null;
      const first = Math.floor(random() * length);
      const second = (first + 1 + Math.floor(random() * (length - 1))) % length;
      const a = endpoints[first] as Endpoint;
      const b = endpoints[second] as Endpoint;
      return b.inFlight < a.inFlight ? b : a;
    },
    observe() {},
  };
}
