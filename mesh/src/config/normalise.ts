import { defaultBackendPolicy, defaultRoutePolicy } from './default-policies.ts';
import { defaults } from './defaults.ts';
import type { Documents, ReadDocument } from './documents.ts';
import { serviceLabel } from './kinds/endpoint-slice.ts';
import { weightAnnotation } from './kinds/metadata.ts';
import type { NamelessSession } from './kinds/session-persistence.ts';
import type {
  BackendTrafficPolicy,
  Gateway,
  HttpRoute,
  HttpRouteMatch,
  HttpRouteRule,
  MeshConfig,
  RouteParent,
  RoutePolicy,
  Service,
  SessionPersistence,
  StaticEndpoint,
} from './model.ts';
import { byName, byText } from './order.ts';

/** The configuration that `documents` state. They must be free of faults: references are not checked here. */
export function normalise(documents: Documents): MeshConfig {
  const backendPolicies = policiesByTarget(documents.BackendTrafficPolicy);
  const routePolicies = policiesByTarget(documents.HTTPRoutePolicy);
  return {
    namespace: namespaceOf(documents),
    gateways: documents.Gateway.map(({ value }) => gatewayOf(value)).sort(byName),
    services: documents.Service.map(({ value }) => {
      const policy = backendPolicies.get(value.metadata.name);
      return serviceOf(
        value,
        endpointsOf(value, documents.EndpointSlice),
        backendPolicyOf(value.metadata.name, policy),
      );
    }).sort(byName),
    routes: documents.HTTPRoute.map(({ value }) => {
      return routeOf(value, routePolicyOf(routePolicies.get(value.metadata.name)));
    }).sort(byName),
  };
}

/** The namespace that documents state, or `default`. */
export function namespaceOf(documents: Documents): string {
  for (const list of Object.values(documents)) {
    for (const { value } of list) if (value.metadata.namespace !== undefined) return value.metadata.namespace;
  }
  return 'default';
}

function policiesByTarget<P extends { metadata: { name: string }; spec: { targetRefs: { name: string }[] } }>(
  policies: readonly { value: P }[],
): Map<string, P> {
  return new Map(policies.flatMap(({ value }) => value.spec.targetRefs.map(({ name }) => [name, value] as const)));
}

type GatewayDocument = Documents['Gateway'][number]['value'];
type ServiceDocument = Documents['Service'][number]['value'];
type RouteDocument = Documents['HTTPRoute'][number]['value'];
type RuleDocument = RouteDocument['spec']['rules'][number];

function gatewayOf({ metadata, spec }: GatewayDocument): Gateway {
  return {
    name: metadata.name,
    className: spec.gatewayClassName,
    addresses: (spec.addresses ?? []).map(({ value }) => value).sort(),
    listeners: spec.listeners
      .map(({ name, port, hostname }) => ({ name, port, ...(hostname === undefined ? {} : { hostname }) }))
      .sort(byName),
  };
}

function serviceOf(
  { metadata, spec }: ServiceDocument,
  endpoints: StaticEndpoint[],
  policy: BackendTrafficPolicy,
): Service {
  return {
    name: metadata.name,
    ports: spec.ports
      .map(({ name, port, targetPort }) => ({
        ...(name === undefined ? {} : { name }),
        port,
        targetPort: typeof targetPort === 'number' ? targetPort : port,
      }))
      .sort((a, b) => a.port - b.port),
    ...(spec.externalName === undefined ? {} : { externalName: spec.externalName.toLowerCase() }),
    endpoints,
    clientIpAffinity: spec.sessionAffinity === 'ClientIP',
    policy,
  };
}

type SliceDocument = Documents['EndpointSlice'][number]['value'];

/** The service's port that a port of a slice means, or undefined if there is none. */
export function servicePortOf(service: ServiceDocument, name: string | undefined): number | undefined {
  const { ports } = service.spec;
  if (name === undefined || name === '') return ports.length === 1 ? ports[0]?.port : undefined;
  return ports.find((port) => port.name === name)?.port;
}

/** The endpoints that one slice states for its service. */
export function endpointsOfSlice(service: ServiceDocument, slice: SliceDocument): StaticEndpoint[] {
  const weight = Number(slice.metadata.annotations?.[weightAnnotation] ?? defaults.endpointWeight);
  const endpoints: StaticEndpoint[] = [];
  for (const { name, port } of slice.ports) {
    const servicePort = servicePortOf(service, name);
    if (servicePort === undefined) continue;
    for (const { addresses, conditions, zone } of slice.endpoints) {
      const ready = conditions.ready !== false && conditions.terminating !== true;
      for (const address of addresses) {
        endpoints.push({
          servicePort,
          address: address.toLowerCase(),
          addressType: slice.addressType,
          port,
          weight,
          ready,
          ...(zone === undefined ? {} : { zone }),
        });
      }
    }
  }
  return endpoints;
}

function endpointsOf(service: ServiceDocument, slices: readonly ReadDocument<'EndpointSlice'>[]): StaticEndpoint[] {
  return slices
    .filter(({ value }) => value.metadata.labels?.[serviceLabel] === service.metadata.name)
    .flatMap(({ value }) => endpointsOfSlice(service, value))
    .sort((a, b) => a.servicePort - b.servicePort || byText(a.address, b.address) || a.port - b.port);
}

function routeOf({ metadata, spec }: RouteDocument, policy: RoutePolicy): HttpRoute {
  return {
    name: metadata.name,
    ...(metadata.creationTimestamp === undefined
      ? {}
      : // In one form of writing, so that times can be compared as text.
        { createdAt: new Date(metadata.creationTimestamp).toISOString() }),
    parents: spec.parentRefs.map(parentOf),
    hostnames: spec.hostnames,
    rules: spec.rules.map((rule) => ruleOf(metadata.name, rule)),
    policy,
  };
}

function parentOf({ kind, name, sectionName, port }: RouteDocument['spec']['parentRefs'][number]): RouteParent {
  const atPort = port === undefined ? {} : { port };
  if (kind === 'Service') return { kind, name, ...atPort };
  return { kind, name, ...(sectionName === undefined ? {} : { sectionName }), ...atPort };
}

function ruleOf(routeName: string, rule: RuleDocument): HttpRouteRule {
  const { name, matches, filters, backendRefs, timeouts, retry, sessionPersistence } = rule;
  const sessionOwner = name === undefined ? routeName : `${routeName}-${name}`;
  return {
    ...(name === undefined ? {} : { name }),
    matches: matches.length === 0 ? [everyRequest()] : matches.map(matchOf),
    filters,
    backendRefs: backendRefs.map(({ name: service, port, weight, filters: inner }) => ({
      service,
      port,
      weight,
      filters: inner,
    })),
    timeouts,
    ...(retry === undefined ? {} : { retry: { ...retry, codes: [...new Set(retry.codes)].sort((a, b) => a - b) } }),
    ...(sessionPersistence === undefined
      ? {}
      : { sessionPersistence: sessionOf(sessionPersistence, `mesh-${sessionOwner}`) }),
  };
}

const everyRequest = (): HttpRouteMatch => ({ path: { type: 'PathPrefix', value: '/' }, headers: [], queryParams: [] });

function matchOf(match: RuleDocument['matches'][number]): HttpRouteMatch {
  const { type, value } = match.path;
  // A prefix is whole segments, so a slash at its end says nothing.
  const path = type === 'PathPrefix' && value.length > 1 ? { type, value: value.replace(/\/$/, '') } : { type, value };
  return { ...match, path };
}

function sessionOf(session: NamelessSession, defaultName: string): SessionPersistence {
  return { ...session, sessionName: session.sessionName ?? defaultName };
}

/** Where no name is given: cookies of several services must not overwrite each other. */
export const endpointSessionName = (service: string): string => `mesh-endpoint-${service}`;

function backendPolicyOf(
  serviceName: string,
  policy: Documents['BackendTrafficPolicy'][number]['value'] | undefined,
): BackendTrafficPolicy {
  if (policy === undefined) return defaultBackendPolicy();
  const { targetRefs: _targets, sessionPersistence, ...spec } = structuredClone(policy.spec);
  return {
    name: policy.metadata.name,
    ...spec,
    ...(sessionPersistence === undefined
      ? {}
      : { sessionPersistence: sessionOf(sessionPersistence, endpointSessionName(serviceName)) }),
  };
}

function routePolicyOf(policy: Documents['HTTPRoutePolicy'][number]['value'] | undefined): RoutePolicy {
  if (policy === undefined) return defaultRoutePolicy();
  const { targetRefs: _targets, ...spec } = structuredClone(policy.spec);
  return { name: policy.metadata.name, ...spec };
}
