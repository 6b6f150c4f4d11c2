import type { HttpRoute, HttpRouteMatch, HttpRouteRule, MeshConfig, RouteParent } from '../config/model.ts';
import type { RoutePolicy } from '../config/policy-model.ts';
import type { Registry } from '../discovery/registry.ts';
import type { Entrance } from '../exchange.ts';
import { hostnameCovers, hostOf, type Matchable, type Matcher, matcherOf, pathnameOf } from './match.ts';
import { byPrecedence, type Candidate } from './precedence.ts';
import type { Backend, RouteMatch, RouteRule } from './rule.ts';

/** A request as the route table looks at it. */
export interface Routable extends Matchable {
  readonly authority: string;
}

interface Entry extends Candidate {
  matches: Matcher;
  target: RouteMatch;
}

/** Every route of one configuration, in the order in which they are tried. */
export interface RouteTable {
  readonly rules: readonly RouteRule[];
  /** The rule that `request` falls under, coming in by `entrance`; null where there is none. */
  find(entrance: Entrance, request: Routable): RouteMatch | null;
}

/**
 * Builds the table. North-south: the routes whose parent is the Gateway of the entrance. East-west: the service that the
 * host names, by the routes whose parent it is, or straight where it has none.
 */
export function routeTable(config: MeshConfig, registry: Registry, defaults: RoutePolicy): RouteTable {
  const rules: RouteRule[] = [];
  const gateways = new Map<string, Entry[]>();
  const services = new Map<string, Entry[]>();
  const ruleOf = ruleMaker(config, registry, rules);

  for (const route of config.routes) {
    const compiled = route.rules.map((spec, index) => ruleOf(route.name, index, spec, route.policy));
    for (const parent of route.parents) {
      const table = parent.kind === 'Gateway' ? gateways : services;
      const entries = table.get(parent.name) ?? [];
      table.set(parent.name, entries);
      for (const rule of compiled) entries.push(...entriesOf(route, rule, hostnamesOf(config, route, parent)));
    }
  }
  for (const service of config.services) {
    if (services.has(service.name)) continue;
    const port = service.ports[0]?.port;
    if (port === undefined) continue;
    const spec = straightTo(service.name, port);
    const rule = ruleOf(service.name, 0, spec, defaults);
    const match = spec.matches[0] as HttpRouteMatch;
    services.set(service.name, [entryOf(service.name, undefined, rule, match, 0, '')]);
  }
  for (const entries of [...gateways.values(), ...services.values()]) entries.sort(byPrecedence);

  return {
    rules,
    find(entrance, request) {
      const host = hostOf(request.authority);
      const entries =
        entrance.side === 'north-south' ? gateways.get(entrance.name) : services.get(serviceNamed(host, services));
      if (entries === undefined) return null;
      const pathname = pathnameOf(request.path);
      for (const entry of entries) {
        if (entry.hostname !== '' && !hostnameCovers(entry.hostname, host)) continue;
        if (entry.matches(request, pathname)) return entry.target;
      }
      return null;
    },
  };
}

/** `auth`, and as Kubernetes writes it too: `auth.shop`, `auth.shop.svc`, `auth.shop.svc.cluster.local`. */
function serviceNamed(host: string, services: ReadonlyMap<string, unknown>): string {
  if (services.has(host)) return host;
  const short = /^([^.]+)\.[^.]+(?:\.svc(?:\.cluster\.local)?)?$/.exec(host);
  return short?.[1] ?? host;
}

function ruleMaker(config: MeshConfig, registry: Registry, rules: RouteRule[]) {
  return (route: string, index: number, spec: HttpRouteRule, policy: RoutePolicy): RouteRule => {
    const backends: Backend[] = [];
    for (const ref of spec.backendRefs) {
      const documented = config.services.find(({ name }) => name === ref.service);
      if (documented === undefined) continue;
      backends.push({
        service: registry.service(ref.service, ref.port, documented.policy),
        weight: ref.weight,
        spec: ref,
      });
    }
    const weightSum = backends.reduce((sum, { weight }) => sum + weight, 0);
    const rule = { route, index, id: `${route}/${index}`, backends, weightSum, spec, policy };
    rules.push(rule);
    return rule;
  };
}

/** The hostnames of a route at one parent: its own, within what the Gateway's listeners admit; empty string for any. */
function hostnamesOf(config: MeshConfig, route: HttpRoute, parent: RouteParent): string[] {
  const own = route.hostnames.length === 0 ? [''] : route.hostnames;
  // In east-west traffic the host has named the service already, and hostnames say nothing (GAMMA, GEP-1426).
  if (parent.kind === 'Service') return [''];
  const gateway = config.gateways.find(({ name }) => name === parent.name);
  const listeners = (gateway?.listeners ?? []).filter(
    ({ name, port }) =>
      (parent.sectionName === undefined || parent.sectionName === name) &&
      (parent.port === undefined || parent.port === port),
  );
  const found = new Set<string>();
  for (const { hostname = '' } of listeners) {
    for (const candidate of own) {
      if (hostname === '' || hostnameCovers(hostname, candidate)) found.add(candidate);
      else if (candidate === '' || hostnameCovers(candidate, hostname)) found.add(hostname);
    }
  }
  return [...found];
}

function entriesOf(route: HttpRoute, rule: RouteRule, hostnames: readonly string[]): Entry[] {
  return hostnames.flatMap((hostname) =>
    rule.spec.matches.map((match, index) => entryOf(route.name, route.createdAt, rule, match, index, hostname)),
  );
}

function entryOf(
  route: string,
  createdAt: string | undefined,
  rule: RouteRule,
  match: HttpRouteMatch,
  matchIndex: number,
  hostname: string,
): Entry {
  return {
    hostname,
    match,
    createdAt,
    route,
    ruleIndex: rule.index,
    matchIndex,
    matches: matcherOf(match),
    target: { rule, match },
  };
}

function straightTo(service: string, port: number): HttpRouteRule {
  return {
    matches: [{ path: { type: 'PathPrefix', value: '/' }, headers: [], queryParams: [] }],
    filters: [],
    backendRefs: [{ service, port, weight: 1, filters: [] }],
    timeouts: { requestMs: 0, backendRequestMs: 0 },
  };
}
