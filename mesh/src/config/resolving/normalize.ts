import { defaultBackendPolicy, defaultRoutePolicy } from '../default-policies.ts';
import { isServed } from '../kinds/gateway.ts';
import { portFault } from '../kinds/service.ts';
import type { NamelessSession } from '../kinds/session-persistence.ts';
import type {
  BackendTrafficPolicy,
  Gateway,
  HttpRoute,
  HttpRouteFilter,
  HttpRouteMatch,
  HttpRouteRule,
  MeshConfig,
  ReferenceTarget,
  RouteParent,
  RoutePolicy,
  Service,
  SessionPersistence,
  StaticEndpoint,
} from '../model.ts';
import { byName } from '../order.ts';
import type { Documents } from '../reading/documents.ts';
import type { EffectivePolicies } from './effective-policies.ts';
import { endpointsOf } from './endpoints.ts';
import { kindOfParent, Names, type ParentReference } from './resolve.ts';

/** The configuration that `documents` describe. They must be free of faults. */
export function normalize(documents: Documents, policies: EffectivePolicies): MeshConfig {
  const names = new Names(documents);
  return {
    namespace: names.namespace,
    gateways: documents.Gateway.map(({ value }) => gatewayOf(value)).sort(byName),
    services: documents.Service.map(({ value }) => {
      const { name } = value.metadata;
      const policy = backendPolicyOf(name, policies.services.get(name)?.policy);
      return serviceOf(value, endpointsOf(value, documents.EndpointSlice), withAffinity(value, policy));
    }).sort(byName),
    routes: documents.HTTPRoute.map(({ value }) => {
      const { name } = value.metadata;
      const rules = policies.rules.get(name) ?? value.spec.rules;
      return routeOf(value, rules, routePolicyOf(name, policies.routes.get(name)?.policy), names);
    }).sort(byName),
  };
}

type GatewayDocument = Documents['Gateway'][number]['value'];
type ServiceDocument = Documents['Service'][number]['value'];
type RouteDocument = Documents['HTTPRoute'][number]['value'];
type RuleDocument = RouteDocument['spec']['rules'][number];
type Effective<M> = M extends ReadonlyMap<string, { policy: infer P }> ? P : never;

function gatewayOf({ metadata, spec }: GatewayDocument): Gateway {
  return {
    name: metadata.name,
    className: spec.gatewayClassName,
    addresses: addressesOf({ spec }),
    listeners: spec.listeners
      .filter(isServed)
      .map(({ name, port, hostname }) => ({ name, port, ...(hostname === undefined ? {} : { hostname }) }))
      .sort(byName),
  };
}

/** The addresses of a Gateway that have a value; empty = the address in HOST. */
export function addressesOf({ spec: { addresses = [] } }: Pick<GatewayDocument, 'spec'>): string[] {
  return addresses.flatMap(({ value }) => (value === undefined ? [] : [value])).sort();
}

function serviceOf(
  { metadata, spec }: ServiceDocument,
  endpoints: StaticEndpoint[],
  policy: BackendTrafficPolicy,
): Service {
  return {
    name: metadata.name,
    ports: spec.ports
      .filter((port) => portFault(port) === null)
      .map(({ name, port, targetPort }) => ({
        ...(name === undefined ? {} : { name }),
        port,
        targetPort: typeof targetPort === 'number' ? targetPort : port,
      }))
      .sort((a, b) => a.port - b.port),
    ...(spec.externalName === undefined ? {} : { externalName: spec.externalName.toLowerCase() }),
    endpoints,
    policy,
  };
}

function routeOf(
  { metadata, spec }: RouteDocument,
  rules: readonly RuleDocument[],
  policy: RoutePolicy,
  names: Names,
): HttpRoute {
  return {
    name: metadata.name,
    ...(metadata.creationTimestamp === undefined
      ? {}
      : // One format, so that times compare as text.
        { createdAt: new Date(metadata.creationTimestamp).toISOString() }),
    parents: spec.parentRefs.flatMap((parent) => parentsOf(parent, names)),
    hostnames: spec.hostnames,
    rules: rules.map((rule) => ruleOf(metadata.name, rule, names)),
    policy,
  };
}

/** Empty if the parentRef is unresolved. */
function parentsOf(parent: ParentReference, names: Names): RouteParent[] {
  const { name, sectionName, port } = parent;
  if (names.parent(parent) !== null) return [];
  if (kindOfParent(parent) === 'Gateway') {
    const section = sectionName === undefined ? {} : { sectionName };
    return [{ kind: 'Gateway', name, ...section, ...(port === undefined ? {} : { port }) }];
  }
  if (sectionName === undefined && port === undefined) return [{ kind: 'Service', name }];
  const found = names.serviceParent(parent);
  return 'rule' in found ? [] : found.ports.map((number) => ({ kind: 'Service', name, port: number }));
}

function ruleOf(routeName: string, rule: RuleDocument, names: Names): HttpRouteRule {
  const { name, matches, filters, backendRefs, timeouts, retry, sessionPersistence } = rule;
  const sessionOwner = name === undefined ? routeName : `${routeName}-${name}`;
  return {
    ...(name === undefined ? {} : { name }),
    matches: matches.length === 0 ? [everyRequest()] : matches.map(matchOf),
    filters: withoutDeadMirrors(filters, names),
    backendRefs: backendRefs.map((ref) => ({
      service: ref.name,
      port: ref.port ?? 0,
      ...(names.backend(ref) === null ? {} : { unresolved: referenceTarget(ref) }),
      weight: ref.weight,
      filters: withoutDeadMirrors(ref.filters, names),
    })),
    timeouts,
    ...(retry === undefined ? {} : { retry: { ...retry, codes: [...new Set(retry.codes)].sort((a, b) => a - b) } }),
    ...(sessionPersistence === undefined
      ? {}
      : { sessionPersistence: sessionOf(sessionPersistence, `mesh-${sessionOwner}`) }),
  };
}

function withoutDeadMirrors(filters: HttpRouteFilter[], names: Names): HttpRouteFilter[] {
  return filters.flatMap((filter): HttpRouteFilter[] => {
    if (filter.type !== 'RequestMirror') return [filter];
    const { target, ...mirror } = filter.mirror;
    const port = mirror.port === 0 ? {} : { port: mirror.port };
    return names.backend({ ...target, name: mirror.service, ...port }) === null ? [{ ...filter, mirror }] : [];
  });
}

function referenceTarget({ group, kind, namespace }: RuleDocument['backendRefs'][number]): ReferenceTarget {
  return { group, kind, ...(namespace === undefined ? {} : { namespace }) };
}

const everyRequest = (): HttpRouteMatch => ({ path: { type: 'PathPrefix', value: '/' }, headers: [], queryParams: [] });

function matchOf(match: RuleDocument['matches'][number]): HttpRouteMatch {
  const { type, value } = match.path;
  // A prefix matches whole segments, so a slash at its end has no meaning.
  const path = type === 'PathPrefix' && value.length > 1 ? { type, value: value.replace(/\/$/, '') } : { type, value };
  return { ...match, path };
}

function sessionOf(session: NamelessSession, defaultName: string): SessionPersistence {
  return { ...session, sessionName: session.sessionName ?? defaultName };
}

/** The default name. Cookies of several services must not overwrite each other. */
export const endpointSessionName = (service: string): string => `mesh-endpoint-${service}`;

function backendPolicyOf(
  service: string,
  effective: Effective<EffectivePolicies['services']> | undefined,
): BackendTrafficPolicy {
  if (effective === undefined) return defaultBackendPolicy();
  const { sessionPersistence, ...spec } = structuredClone(effective);
  if (sessionPersistence === undefined) return spec;
  return { ...spec, sessionPersistence: sessionOf(sessionPersistence, endpointSessionName(service)) };
}

function withAffinity({ spec }: ServiceDocument, policy: BackendTrafficPolicy): BackendTrafficPolicy {
  if (spec.sessionAffinity !== 'ClientIP') return policy;
  return { ...policy, clientIpAffinityMs: spec.sessionAffinityConfig.clientIP.timeoutSeconds * 1000 };
}

function routePolicyOf(route: string, effective: Effective<EffectivePolicies['routes']> | undefined): RoutePolicy {
  if (effective === undefined) return defaultRoutePolicy();
  const { settle, ruleDefaults: _inRules, ...spec } = structuredClone(effective);
  return settle === undefined ? spec : { ...spec, settle: { ...settle, resources: settle.resources ?? [route] } };
}
