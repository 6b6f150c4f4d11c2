import { defaultRoutePolicy } from '../config/default-policies.ts';
import { effectiveHostnames, hostMatches } from '../config/hostnames.ts';
import type { HttpRoute, HttpRouteRule, MeshConfig } from '../config/model.ts';
import type { RoutePolicy } from '../config/policy-model.ts';
import type { Registry } from '../discovery/registry.ts';
import type { Service } from '../discovery/service.ts';
import type { Entrance } from '../exchange.ts';
import { header } from '../headers.ts';
import { hostOf, type Matchable, type Matcher, matcherOf, pathnameOf } from './match.ts';
import { inPrecedence } from './precedence.ts';
import type { Backend, RouteMatch, RouteRule } from './rule.ts';

/** A request as the route table looks at it. */
export interface Routable extends Matchable {
  readonly authority: string;
}

interface Entry {
  /** Null for any host. */
  hostname: string | null;
  matches: Matcher;
  target: RouteMatch;
}

/** Every route of one configuration, in the order in which they are tried. */
export interface RouteTable {
  readonly rules: readonly RouteRule[];
  /** A service of the documents at `port`; at its first port where that is null or none of its own. Null where there is no such service. */
  service(name: string, port: number | null): Service | null;
  /** The rule that `request` falls under, coming in by `entrance`; null where there is none. */
  find(entrance: Entrance, request: Routable): RouteMatch | null;
}

/**
 * Builds the table. North-south: the routes whose parent is the Gateway of the entrance. East-west: the service that the
 * host names, by the routes whose parent it is, or straight where it has none.
 */
export function routeTable(config: MeshConfig, registry: Registry): RouteTable {
  const rules = new Map<HttpRouteRule, RouteRule>();
  const ruleOf = (route: string, index: number, spec: HttpRouteRule, policy: RoutePolicy): RouteRule => {
    const known = rules.get(spec);
    if (known !== undefined) return known;
    const backends = backendsOf(config, registry, spec);
    const weightSum = backends.reduce((sum, { weight }) => sum + weight, 0);
    const made = { route, index, id: `${route}/${index}`, backends, weightSum, spec, policy };
    rules.set(spec, made);
    return made;
  };
  const entriesOf = (routes: readonly HttpRoute[], hostnames: (route: HttpRoute) => (string | null)[]): Entry[] =>
    inPrecedence(routes, hostnames).map(({ hostname, match, route, rule, ruleIndex }) => ({
      hostname,
      matches: matcherOf(match),
      target: { match, rule: ruleOf(route.name, ruleIndex, rule, route.policy) },
    }));

  const gateways = new Map<string, Entry[]>();
  for (const gateway of config.gateways) {
    const attached = config.routes.filter((route) => attaches(route, 'Gateway', gateway.name));
    gateways.set(
      gateway.name,
      entriesOf(attached, (route) => hostnamesAt(config, route, gateway.name)),
    );
  }
  const services = new Map<string, Entry[]>();
  for (const service of config.services) {
    const attached = config.routes.filter((route) => attaches(route, 'Service', service.name));
    const port = service.ports[0]?.port;
    if (attached.length === 0 && port !== undefined) attached.push(straightTo(service.name, port));
    // The host has named the service already: the hostnames of such a route say nothing more (GEP-1426).
    services.set(
      service.name,
      entriesOf(attached, () => [null]),
    );
  }

  return {
    rules: [...rules.values()],
    service(name, port) {
      const documented = config.services.find((service) => service.name === name);
      const found = documented?.ports.find((candidate) => candidate.port === port) ?? documented?.ports[0];
      return documented === undefined || found === undefined
        ? null
        : registry.service(name, found.port, documented.policy);
    },
    find(entrance, request) {
      const host = hostOf(request.authority);
      const entries =
        entrance.side === 'north-south' ? gateways.get(entrance.name) : services.get(serviceNamed(host, services));
      if (entries === undefined) return null;
      return forPreflight(entries, host, request) ?? first(entries, host, request);
    },
  };
}

function first(entries: readonly Entry[], host: string, request: Matchable): RouteMatch | null {
  const pathname = pathnameOf(request.path);
  for (const entry of entries) {
    if (entry.hostname !== null && !hostMatches(entry.hostname, host)) continue;
    if (entry.matches(request, pathname)) return entry.target;
  }
  return null;
}

/**
 * A CORS preflight asks about a request that is still to come: it falls under that request's rule, if that one answers
 * preflights; else a match by method would never let its own requests be asked for.
 */
function forPreflight(
  entries: readonly Entry[],
  host: string,
  { method, path, headers }: Matchable,
): RouteMatch | null {
  if (method !== 'OPTIONS' || header(headers, 'origin') === undefined) return null;
  const asked = header(headers, 'access-control-request-method');
  if (asked === undefined) return null;
  const found = first(entries, host, { method: asked, path, headers });
  return found?.rule.spec.filters.some(({ type }) => type === 'CORS') ? found : null;
}

function attaches(route: HttpRoute, kind: 'Gateway' | 'Service', name: string): boolean {
  return route.parents.some((parent) => parent.kind === kind && parent.name === name);
}

/** The hostnames of a route at a Gateway: its own, within what the listeners it asks for admit. */
function hostnamesAt(config: MeshConfig, route: HttpRoute, gateway: string): (string | null)[] {
  const listeners = config.gateways.find(({ name }) => name === gateway)?.listeners ?? [];
  const found = new Set<string | null>();
  for (const parent of route.parents) {
    if (parent.kind !== 'Gateway' || parent.name !== gateway) continue;
    for (const listener of listeners) {
      if (parent.sectionName !== undefined && parent.sectionName !== listener.name) continue;
      if (parent.port !== undefined && parent.port !== listener.port) continue;
      for (const hostname of effectiveHostnames(listener.hostname, route.hostnames)) found.add(hostname);
    }
  }
  return [...found];
}

/** `auth`, and as Kubernetes writes it too: `auth.shop`, `auth.shop.svc`, `auth.shop.svc.cluster.local`. */
function serviceNamed(host: string, services: ReadonlyMap<string, unknown>): string {
  if (services.has(host)) return host;
  const short = /^([^.]+)\.[^.]+(?:\.svc(?:\.cluster\.local)?)?$/.exec(host);
  return short?.[1] ?? host;
}

function backendsOf(config: MeshConfig, registry: Registry, spec: HttpRouteRule): Backend[] {
  return spec.backendRefs.flatMap((ref) => {
    const documented = config.services.find(({ name }) => name === ref.service);
    if (documented === undefined) return [];
    return [{ service: registry.service(ref.service, ref.port, documented.policy), weight: ref.weight, spec: ref }];
  });
}

function straightTo(service: string, port: number): HttpRoute {
  const rule: HttpRouteRule = {
    matches: [{ path: { type: 'PathPrefix', value: '/' }, headers: [], queryParams: [] }],
    filters: [],
    backendRefs: [{ service, port, weight: 1, filters: [] }],
    timeouts: { requestMs: 0, backendRequestMs: 0 },
  };
  return {
    name: service,
    parents: [{ kind: 'Service', name: service }],
    hostnames: [],
    rules: [rule],
    policy: defaultRoutePolicy(),
  };
}
