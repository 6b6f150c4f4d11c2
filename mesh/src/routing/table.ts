import { defaultBackendPolicy, defaultRoutePolicy } from '../config/default-policies.ts';
import type { Listener as GatewayListener, HttpRoute, HttpRouteRule, MeshConfig } from '../config/model.ts';
import type { RoutePolicy } from '../config/policy-model.ts';
import { byHostname, effectiveHostnames, hostMatches } from '../config/shapes/hostnames.ts';
import type { Registry } from '../discovery/registry.ts';
import { Service } from '../discovery/service.ts';
import type { Entrance } from '../exchange.ts';
import { header } from '../headers.ts';
import { hostOf, type Matchable, type Matcher, matcherOf, pathnameOf, portOf } from './match.ts';
import { type Candidate, inPrecedence } from './precedence.ts';
import type { Backend, Failover, RouteMatch, RouteRule } from './rule.ts';

/** A request as the route table looks at it. */
export type Routable = Matchable;

interface Entry {
  /** Null for any host. */
  hostname: string | null;
  matches: Matcher;
  target: RouteMatch;
  candidate: Candidate;
}

/** One listener of a Gateway, with what is attached to it. */
interface ListenerEntries {
  port: number;
  /** Null for any host. */
  hostname: string | null;
  entries: Entry[];
}

/** The ports of a service, with what is attached to each. */
interface ServiceEntries {
  byPort: ReadonlyMap<number, Entry[]>;
  /** Of the first one, which is meant where the host names none: or the mesh's own, as URLs of callers do. */
  first: Entry[];
}

/** Every route of one configuration, in the order in which they are tried. */
export interface RouteTable {
  readonly rules: readonly RouteRule[];
  /** A service of the documents at `port`; at its first port where that is null or none of its own. Null where there is no such service. */
  service(name: string, port: number | null): Service | null;
  /** The rule that `request` falls under, coming in by `entrance`; null where there is none. */
  find(entrance: Entrance, request: Routable): RouteMatch | null;
  /** Everything that `request` falls under, in the order of precedence: the first is what `find` finds. To explain it. */
  findAll(entrance: Entrance, request: Routable): readonly (RouteMatch & { readonly candidate: Candidate })[];
}

/**
 * Builds the table. North-south: the routes whose parent is the listener that the request came in by: of those of its
 * Gateway and port the one with the most specific host name, and no other (listener isolation). East-west: the service that the
 * host names, by the routes whose parent it is, or straight where it has none.
 */
export function routeTable(config: MeshConfig, registry: Registry): RouteTable {
  const rules = new Map<HttpRouteRule, RouteRule>();
  const ruleOf = (route: string, index: number, spec: HttpRouteRule, policy: RoutePolicy): RouteRule => {
    const known = rules.get(spec);
    if (known !== undefined) return known;
    const backends = backendsOf(config, registry, spec);
    const weightSum = backends.reduce((sum, { weight }) => sum + weight, 0);
    const failover = failoverOf(config, registry, spec, policy, backends);
    const made = {
      route,
      index,
      id: `${route}/${index}`,
      backends,
      weightSum,
      spec,
      policy,
      ...(failover === null ? {} : { failover }),
    };
    rules.set(spec, made);
    return made;
  };
  const entriesOf = (routes: readonly HttpRoute[], hostnames: (route: HttpRoute) => (string | null)[]): Entry[] =>
    inPrecedence(routes, hostnames).map((candidate) => {
      const { hostname, match, route, rule, ruleIndex } = candidate;
      const target = { match, rule: ruleOf(route.name, ruleIndex, rule, route.policy) };
      return { hostname, matches: matcherOf(match), target, candidate };
    });

  const gateways = new Map<string, ListenerEntries[]>();
  for (const gateway of config.gateways) {
    const listeners = gateway.listeners.map((listener): ListenerEntries => {
      const attached = config.routes.filter((route) => attachesTo(route, gateway.name, listener));
      const { port, hostname } = listener;
      const entries = entriesOf(attached, (route) => effectiveHostnames(hostname, route.hostnames));
      return { port, hostname: hostname ?? null, entries };
    });
    gateways.set(
      gateway.name,
      listeners.sort((a, b) => byHostname(a.hostname, b.hostname)),
    );
  }
  const services = new Map<string, ServiceEntries>();
  for (const service of config.services) {
    const byPort = service.ports.map(({ port }): [number, Entry[]] => {
      const attached = config.routes.filter((route) => attachesToPort(route, service.name, port));
      if (attached.length === 0) attached.push(straightTo(service.name, port));
      // The host has named the service already: the hostnames of such a route say nothing more (GEP-1426).
      return [port, entriesOf(attached, () => [null])];
    });
    services.set(service.name, { byPort: new Map(byPort), first: byPort[0]?.[1] ?? [] });
  }

  const eastWest = (authority: string): readonly Entry[] | undefined => {
    const service = services.get(serviceNamed(hostOf(authority), services));
    return service?.byPort.get(portOf(authority) ?? 0) ?? service?.first;
  };
  const entriesAt = (entrance: Entrance, host: string, authority: string): readonly Entry[] =>
    (entrance.side === 'north-south'
      ? listenerFor(gateways.get(entrance.name) ?? [], entrance.port, host)?.entries
      : eastWest(authority)) ?? [];

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
      const entries = entriesAt(entrance, host, request.authority);
      return forPreflight(entries, host, request) ?? first(entries, host, request);
    },
    findAll(entrance, request) {
      const host = hostOf(request.authority);
      const entries = entriesAt(entrance, host, request.authority);
      const asked =
        forPreflight(entries, host, request) === null ? request : { ...request, method: askedMethod(request) };
      const pathname = pathnameOf(request.path);
      return entries
        .filter((entry) => takes(entry, host, asked, pathname))
        .map(({ target, candidate }) => ({ ...target, candidate }));
    },
  };
}

function takes({ hostname, matches }: Entry, host: string, request: Matchable, pathname: string): boolean {
  return (hostname === null || hostMatches(hostname, host)) && matches(request, pathname);
}

function first(entries: readonly Entry[], host: string, request: Matchable): RouteMatch | null {
  const pathname = pathnameOf(request.path);
  for (const entry of entries) if (takes(entry, host, request, pathname)) return entry.target;
  return null;
}

/**
 * A CORS preflight asks about a request that is still to come: it falls under that request's rule, if that one answers
 * preflights; else a match by method would never let its own requests be asked for.
 */
function forPreflight(entries: readonly Entry[], host: string, request: Matchable): RouteMatch | null {
  const { authority, method, path, headers } = request;
  if (method !== 'OPTIONS' || header(headers, 'origin') === undefined) return null;
  const asked = askedMethod(request);
  if (asked === '') return null;
  const found = first(entries, host, { authority, method: asked, path, headers });
  return found?.rule.spec.filters.some(({ type }) => type === 'CORS') ? found : null;
}

/** The method that a preflight asks about; '' where it asks about none. */
function askedMethod({ headers }: Matchable): string {
  return header(headers, 'access-control-request-method') ?? '';
}

/** @param listeners the most specific host name first */
function listenerFor(listeners: readonly ListenerEntries[], port: number, host: string): ListenerEntries | undefined {
  return listeners.find(
    (listener) => listener.port === port && (listener.hostname === null || hostMatches(listener.hostname, host)),
  );
}

/** Whether a route asks for requests to this port of a service: to all of its ports, or to this one. */
function attachesToPort({ parents }: HttpRoute, service: string, port: number): boolean {
  return parents.some(
    (parent) =>
      parent.kind === 'Service' && parent.name === service && (parent.port === undefined || parent.port === port),
  );
}

/** Whether a route asks for this listener: for all of the Gateway's, or for this one by its name, its port or both. */
function attachesTo({ parents }: HttpRoute, gateway: string, { name, port }: GatewayListener): boolean {
  return parents.some(
    (parent) =>
      parent.kind === 'Gateway' &&
      parent.name === gateway &&
      (parent.sectionName === undefined || parent.sectionName === name) &&
      (parent.port === undefined || parent.port === port),
  );
}

/** `auth`, and as Kubernetes writes it too: `auth.shop`, `auth.shop.svc`, `auth.shop.svc.cluster.local`. */
function serviceNamed(host: string, services: ReadonlyMap<string, unknown>): string {
  if (services.has(host)) return host;
  const short = /^([^.]+)\.[^.]+(?:\.svc(?:\.cluster\.local)?)?$/.exec(host);
  return short?.[1] ?? host;
}

function backendsOf(config: MeshConfig, registry: Registry, spec: HttpRouteRule): Backend[] {
  return spec.backendRefs.flatMap((ref) => {
    if (ref.unresolved !== undefined) {
      // In no registry: nothing looks for endpoints of it.
      const nothing = new Service(ref.service, ref.port, defaultBackendPolicy());
      return [{ service: nothing, weight: ref.weight, spec: ref }];
    }
    const documented = config.services.find(({ name }) => name === ref.service);
    if (documented === undefined) return [];
    return [{ service: registry.service(ref.service, ref.port, documented.policy), weight: ref.weight, spec: ref }];
  });
}

function failoverOf(
  config: MeshConfig,
  registry: Registry,
  { name }: HttpRouteRule,
  { failover }: RoutePolicy,
  backends: readonly Backend[],
): Failover | null {
  if (failover === undefined) return null;
  const { service, port, methods, rules } = failover;
  if (rules !== undefined && (name === undefined || !rules.includes(name))) return null;
  const documented = config.services.find((candidate) => candidate.name === service);
  if (documented === undefined || documented.ports.every((candidate) => candidate.port !== port)) return null;
  const own = backends.find(({ spec }) => spec.service === service && spec.port === port);
  const backend = own ?? {
    service: registry.service(service, port, documented.policy),
    weight: 0,
    spec: { service, port, weight: 0, filters: [] },
  };
  return { backend, methods: new Set(methods) };
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
