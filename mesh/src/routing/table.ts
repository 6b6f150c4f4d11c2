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
import { linkWrites, ruleSettle } from './rule-settle.ts';

/** The parts of a request that routing looks at. */
export type Routable = Matchable;

interface Entry {
  /** Null for any host. */
  hostname: string | null;
  matches: Matcher;
  target: RouteMatch;
  candidate: Candidate;
}

/** One listener of a Gateway, and the routes attached to it. */
interface ListenerEntries {
  port: number;
  /** Null for any host. */
  hostname: string | null;
  entries: Entry[];
}

/** The ports of a service, and the routes attached to each. */
interface ServiceEntries {
  byPort: ReadonlyMap<number, Entry[]>;
  /** The first port, used if the host has none, or has the port of the mesh, as in URLs of callers. */
  first: Entry[];
}

/** Every route of one configuration, in order of precedence. */
export interface RouteTable {
  readonly rules: readonly RouteRule[];
  /**
   * A service of the documents at `port`, or at its first port if `port` is null or not one of its own. Null if there
   * is no such service.
   */
  service(name: string, port: number | null): Service | null;
  /** The rule for `request`, which came in by `entrance`; null if there is none. */
  find(entrance: Entrance, request: Routable): RouteMatch | null;
  /**
   * All rules that `request` matches, in order of precedence. `find` returns the first of them. Used to explain a
   * request.
   */
  findAll(entrance: Entrance, request: Routable): readonly (RouteMatch & { readonly candidate: Candidate })[];
}

/**
 * Builds the table. North-south: a request belongs to one listener, the one of its Gateway and port with the most
 * specific host name (listener isolation), and matches the routes attached to it. East-west: the host names the
 * service. A request matches the routes attached to that service, or goes directly to it if there are none.
 */
export function routeTable(config: MeshConfig, registry: Registry): RouteTable {
  const rules = new Map<HttpRouteRule, RouteRule>();
  const ruleOf = (route: string, index: number, spec: HttpRouteRule, policy: RoutePolicy): RouteRule => {
    const known = rules.get(spec);
    if (known !== undefined) return known;
    const backends = backendsOf(config, registry, spec);
    const weightSum = backends.reduce((sum, { weight }) => sum + weight, 0);
    const failover = failoverOf(config, registry, spec, policy, backends);
    const settle = ruleSettle(config, registry, policy, spec.name);
    const made = {
      route,
      index,
      id: `${route}/${index}`,
      backends,
      weightSum,
      spec,
      policy,
      ...(failover === null ? {} : { failover }),
      ...(settle === null ? {} : { settle }),
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
      // The host already names the service, so that the hostnames of such a route do not matter (GEP-1426).
      return [port, entriesOf(attached, () => [null])];
    });
    services.set(service.name, { byPort: new Map(byPort), first: byPort[0]?.[1] ?? [] });
  }

  linkWrites(rules.values());

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
 * A CORS preflight announces another request. The rule of that request handles it, if that rule has CORS. Without this,
 * a match by method would never let its own requests pass a preflight.
 */
function forPreflight(entries: readonly Entry[], host: string, request: Matchable): RouteMatch | null {
  const { authority, method, path, headers } = request;
  if (method !== 'OPTIONS' || header(headers, 'origin') === undefined) return null;
  const asked = askedMethod(request);
  if (asked === '') return null;
  const found = first(entries, host, { authority, method: asked, path, headers });
  return found?.rule.spec.filters.some(({ type }) => type === 'CORS') ? found : null;
}

/** The method that a preflight announces; '' if it announces none. */
function askedMethod({ headers }: Matchable): string {
  return header(headers, 'access-control-request-method') ?? '';
}

/** @param listeners the most specific host name first */
function listenerFor(listeners: readonly ListenerEntries[], port: number, host: string): ListenerEntries | undefined {
  return listeners.find(
    (listener) => listener.port === port && (listener.hostname === null || hostMatches(listener.hostname, host)),
  );
}

/** Whether a route attaches to this port of a service: to all of its ports, or to this one. */
function attachesToPort({ parents }: HttpRoute, service: string, port: number): boolean {
  return parents.some(
    (parent) =>
      parent.kind === 'Service' && parent.name === service && (parent.port === undefined || parent.port === port),
  );
}

/** Whether a route attaches to this listener: to all of the Gateway, or to this one by its name, its port or both. */
function attachesTo({ parents }: HttpRoute, gateway: string, { name, port }: GatewayListener): boolean {
  return parents.some(
    (parent) =>
      parent.kind === 'Gateway' &&
      parent.name === gateway &&
      (parent.sectionName === undefined || parent.sectionName === name) &&
      (parent.port === undefined || parent.port === port),
  );
}

/** `auth`, also in the forms of Kubernetes: `auth.shop`, `auth.shop.svc`, `auth.shop.svc.cluster.local`. */
function serviceNamed(host: string, services: ReadonlyMap<string, unknown>): string {
  if (services.has(host)) return host;
  const short = /^([^.]+)\.[^.]+(?:\.svc(?:\.cluster\.local)?)?$/.exec(host);
  return short?.[1] ?? host;
}

function backendsOf(config: MeshConfig, registry: Registry, spec: HttpRouteRule): Backend[] {
  return spec.backendRefs.flatMap((ref) => {
    if (ref.unresolved !== undefined) {
      // The service is in no registry, so that discovery does not look for its endpoints.
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
