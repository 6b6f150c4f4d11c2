import { defaults } from '../defaults.ts';
import type { DocumentTypes } from '../kinds/kinds.ts';
import { serviceLabel, weightAnnotation } from '../kinds/metadata.ts';
import { gatewayGroup } from '../kinds/references.ts';
import type {
  Gateway,
  HttpRoute,
  HttpRouteFilter,
  HttpRouteRule,
  MeshConfig,
  RouteParent,
  Service,
  StaticEndpoint,
} from '../model.ts';
import type { Json } from '../shapes/shape.ts';
import { canonicalJson } from './digest.ts';
import { document, type Metadata } from './document.ts';
import { policyDocuments } from './serialize-policies.ts';

/**
 * The configuration as documents again, one `kind: List` in JSON, with every default written out: reading it gives an
 * equal configuration. Policies are written merged, each once with all its targets, and the defaults not at all.
 */
export function serialize(config: MeshConfig): string {
  const text = canonicalJson({ apiVersion: 'v1', kind: 'List', items: toDocuments(config) }, 2);
  // Variables are already filled in, so a remaining `${` is text.
  return text.replaceAll(/\$(?=\{)/g, () => '$$');
}

/** As `serialize`, for showing to people: header values that may be secrets are hidden. */
export function serializeRedacted(config: MeshConfig): string {
  return serialize(redacted(config));
}

function toDocuments(config: MeshConfig): Json[] {
  const metadata = (name: string) => ({
    name,
    ...(config.namespace === 'default' ? {} : { namespace: config.namespace }),
  });
  return [
    ...config.gateways.map((gateway) => document('Gateway', gatewayDocument(gateway, metadata(gateway.name)))),
    ...config.services.flatMap((service) => [
      document('Service', serviceDocument(service, metadata(service.name))),
      ...slicesOf(service, metadata),
    ]),
    ...config.routes.map((route) => document('HTTPRoute', routeDocument(route, metadata(route.name)))),
    ...policyDocuments(config, metadata),
  ];
}

function gatewayDocument({ className, addresses, listeners }: Gateway, metadata: Metadata): DocumentTypes['Gateway'] {
  return {
    metadata,
    spec: {
      gatewayClassName: className,
      listeners: listeners.map((listener) => ({ ...listener, protocol: 'HTTP' })),
      ...(addresses.length === 0 ? {} : { addresses: addresses.map((value) => ({ type: 'IPAddress', value })) }),
    },
  };
}

function serviceDocument(service: Service, metadata: Metadata): DocumentTypes['Service'] {
  const { externalName, ports, policy } = service;
  const { clientIpAffinityMs } = policy;
  return {
    metadata,
    spec: {
      type: externalName === undefined ? 'ClusterIP' : 'ExternalName',
      ...(externalName === undefined ? {} : { externalName }),
      ports: ports.map((port) => ({ ...port, protocol: 'TCP' })),
      sessionAffinity: clientIpAffinityMs === undefined ? 'None' : 'ClientIP',
      sessionAffinityConfig: {
        clientIP: {
          timeoutSeconds: clientIpAffinityMs === undefined ? defaults.clientIpAffinityS : clientIpAffinityMs / 1000,
        },
      },
    },
  };
}

/** One slice for all endpoints with the same values in the fields of the slice. */
function slicesOf(service: Service, metadata: (name: string) => Metadata): Json[] {
  const groups = new Map<string, StaticEndpoint[]>();
  for (const endpoint of service.endpoints) {
    const key = JSON.stringify([endpoint.servicePort, endpoint.port, endpoint.addressType, endpoint.weight]);
    groups.set(key, [...(groups.get(key) ?? []), endpoint]);
  }
  return [...groups.values()].map((endpoints, index) => {
    const { servicePort, port, addressType, weight } = endpoints[0] as StaticEndpoint;
    const name = service.ports.find((candidate) => candidate.port === servicePort)?.name;
    return document('EndpointSlice', {
      metadata: {
        ...metadata(`${service.name}-${index + 1}`),
        labels: { [serviceLabel]: service.name },
        annotations: { [weightAnnotation]: String(weight) },
      },
      addressType,
      endpoints: endpoints.map(({ address, ready }) => ({ addresses: [address], conditions: { ready } })),
      ports: [{ ...(name === undefined ? {} : { name }), port, protocol: 'TCP' }],
    });
  });
}

function routeDocument(route: HttpRoute, metadata: Metadata): DocumentTypes['HTTPRoute'] {
  return {
    metadata: { ...metadata, ...(route.createdAt === undefined ? {} : { creationTimestamp: route.createdAt }) },
    spec: {
      parentRefs: route.parents.map(parentReference),
      hostnames: route.hostnames,
      rules: route.rules.map(ruleDocument),
    },
  };
}

function parentReference(parent: RouteParent): DocumentTypes['HTTPRoute']['spec']['parentRefs'][number] {
  return { group: parent.kind === 'Gateway' ? gatewayGroup : '', ...parent };
}

function ruleDocument(rule: HttpRouteRule): DocumentTypes['HTTPRoute']['spec']['rules'][number] {
  return {
    ...rule,
    matches: rule.matches as DocumentTypes['HTTPRoute']['spec']['rules'][number]['matches'],
    backendRefs: rule.backendRefs.map(({ service, port, unresolved, ...rest }) => ({
      group: '',
      kind: 'Service',
      ...unresolved,
      name: service,
      ...(port === 0 ? {} : { port }),
      ...rest,
    })),
  };
}

/** Names of headers whose values may be credentials. */
const secretHeader = /auth|cookie|secret|token|password|api-?key|credential|session|signature/;

function redacted(config: MeshConfig): MeshConfig {
  const blot = (filters: HttpRouteFilter[]): HttpRouteFilter[] =>
    filters.map((filter) => {
      if (filter.type !== 'RequestHeaderModifier' && filter.type !== 'ResponseHeaderModifier') return filter;
      const blotted = filter.modifier;
      const hide = (values: typeof blotted.set) =>
        values.map(({ name, value }) => ({ name, value: secretHeader.test(name) ? '[redacted]' : value }));
      return { ...filter, modifier: { ...blotted, set: hide(blotted.set), add: hide(blotted.add) } };
    });
  return {
    ...config,
    routes: config.routes.map((route) => ({
      ...route,
      rules: route.rules.map((rule) => ({
        ...rule,
        filters: blot(rule.filters),
        backendRefs: rule.backendRefs.map((ref) => ({ ...ref, filters: blot(ref.filters) })),
      })),
    })),
  };
}
