import { MeshError } from '../errors.ts';
import type { Entrance, Exchange } from '../exchange.ts';
import { header, headerValues, removeHeader } from '../headers.ts';
import type { Layer } from '../layer.ts';
import type { Generation, Parts } from '../parts.ts';
import { readOverrides } from '../policy/override.ts';
import type { Backend } from '../routing/rule.ts';
import { trustedPeers } from '../server/trusted-peers.ts';

/** `service=other-service, …`: for one request and all that it causes. Services pass the field on unchanged. */
export const overrideHeader = 'x-mesh-override';

/**
 * Drops overrides from where none are allowed.
 *
 * At the edge, the header counts from peers that the route's policy allows, and is dropped otherwise. Between services,
 * the header counts as received unless the route's policy names peers: a caller of that port can reach any service
 * anyway, and the edge has dropped the fields from outside.
 */
export function overrideGuard(): Layer {
  const honored = ({ facts, route }: Exchange): boolean =>
    mayOverride(facts.entrance.side, route?.rule.policy.override.allowFrom ?? [], facts.peerAddress);

  return {
    name: 'override guard',
    scope: 'route',
    sentence: `Drops ${overrideHeader} where it comes from a peer that may not override.`,
    inside: [
      { name: 'route', reason: 'the route says which peers may override' },
      { name: 'forwarding', reason: 'that layer drops the other claims of outsiders' },
    ],
    wrap: (next) => (exchange) => {
      const { headers } = exchange;
      if (header(headers, overrideHeader) !== undefined && !honored(exchange)) removeHeader(headers, overrideHeader);
      return next(exchange);
    },
  };
}

/**
 * Sends single requests past the weights, through a whole call graph (like Linkerd's l5d-dtab): for trying a service
 * that gets no other traffic yet, in production.
 */
export function override({ meters }: Parts, { routes }: Generation): Layer {
  const standIn = (exchange: Exchange, backend: Backend, name: string): Backend => {
    const port = backend.service.port;
    const service = routes.service(name, port);
    if (service === null) throw unusable(`There is no service "${name}" to go to instead.`);
    meters.overrides(exchange.route?.rule.route ?? '', backend.service.name, name).value += 1;
    const ofRule = exchange.route?.rule.backends.find((other) => other.service === service);
    return ofRule ?? { service, weight: 0, spec: { service: name, port: service.port, weight: 0, filters: [] } };
  };

  return {
    name: 'override',
    scope: 'route',
    sentence: `Sends a request to another service than the rule's where ${overrideHeader} says so.`,
    inside: [
      { name: 'split', reason: 'it replaces the service that the weights have chosen' },
      { name: 'override guard', reason: 'the header is followed only if that layer has kept it' },
      { name: 'filters', reason: 'a rule may set the header for its own requests' },
    ],
    wrap: (next) => (exchange) => {
      const values = headerValues(exchange.headers, overrideHeader);
      if (values.length === 0) return next(exchange);
      const overrides = readOverrides(values);
      if (overrides === null) throw unusable(`${overrideHeader} is written as in: auth=auth-next, carts=carts-next`);
      const { backend } = exchange;
      const name = backend === null ? undefined : overrides.get(backend.service.name);
      if (backend !== null && name !== undefined) exchange.backend = standIn(exchange, backend, name);
      return next(exchange);
    },
  };
}

/** By the list in the documents. */
const compiled = new WeakMap<readonly string[], (address: string) => boolean>();

/** Whether the route's policy allows overrides on `side` from `address`. */
export function mayOverride(side: Entrance['side'], allowFrom: readonly string[], address: string): boolean {
  if (allowFrom.length === 0) return side === 'east-west';
  let allows = compiled.get(allowFrom);
  if (allows === undefined) {
    allows = trustedPeers(allowFrom);
    compiled.set(allowFrom, allows);
  }
  return allows(address);
}

function unusable(detail: string): MeshError {
  return new MeshError('bad_request', detail);
}
