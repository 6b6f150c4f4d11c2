import { defaultBackendPolicy, defaultRoutePolicy } from '../config/default-policies.ts';
import type { BackendRef, HttpRoute, HttpRouteRule, MeshConfig, Service, StaticEndpoint } from '../config/model.ts';
import type { BackendTrafficPolicy, RoutePolicy } from '../config/policy-model.ts';

/** Configurations for tests, like documents with every default filled in. */

export function backendPolicy(over: Partial<BackendTrafficPolicy> = {}): BackendTrafficPolicy {
  return { ...defaultBackendPolicy(), ...over };
}

export function routePolicy(over: Partial<RoutePolicy> = {}): RoutePolicy {
  return { ...defaultRoutePolicy(), ...over };
}

/** A service on port 80 with its endpoints on loopback ports. */
export function service(name: string, ports: readonly number[], policy: Partial<BackendTrafficPolicy> = {}): Service {
  return {
    name,
    ports: [{ port: 80, targetPort: 80 }],
    endpoints: ports.map((port) => endpoint(port)),
    policy: backendPolicy(policy),
  };
}

export function endpoint(port: number, weight = 1): StaticEndpoint {
  return { servicePort: 80, address: '127.0.0.1', addressType: 'IPv4', port, weight, ready: true };
}

export function backendRef(name: string, weight = 1): BackendRef {
  return { service: name, port: 80, weight, filters: [] };
}

export function rule(over: Partial<HttpRouteRule> = {}): HttpRouteRule {
  return {
    matches: [{ path: { type: 'PathPrefix', value: '/' }, headers: [], queryParams: [] }],
    filters: [],
    backendRefs: [],
    timeouts: { requestMs: 0, backendRequestMs: 0 },
    ...over,
  };
}

/** A route of the Gateway `edge`. */
export function route(name: string, rules: HttpRouteRule[], over: Partial<HttpRoute> = {}): HttpRoute {
  return {
    name,
    parents: [{ kind: 'Gateway', name: 'edge' }],
    hostnames: [],
    rules,
    policy: routePolicy(),
    ...over,
  };
}

/** One Gateway `edge` on any free port. */
export function meshConfig(services: Service[], routes: HttpRoute[]): MeshConfig {
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  return {
    namespace: 'default',
    gateways: [{ name: 'edge', className: 'mesh', addresses: [], listeners: [{ name: 'http', port: 0 }] }],
    services: services.sort(byName),
    routes: routes.sort(byName),
  };
}

/**
 * A route `brands` with the named rules `reads` (GET, HEAD) and `writes` (other methods), each with every service of
 * `ports` as a backend: everything goes to the first. The policy is the route's.
 */
export function readsAndWrites(
  ports: Readonly<Record<string, number>>,
  { policy = {}, others = [] }: { policy?: Partial<RoutePolicy>; others?: Service[] } = {},
): MeshConfig {
  const names = Object.keys(ports);
  const backendRefs = () => names.map((name, place) => backendRef(name, place === 0 ? 100 : 0));
  const path = { type: 'PathPrefix' as const, value: '/' };
  const by = (method?: string) => ({ path, headers: [], queryParams: [], ...(method === undefined ? {} : { method }) });
  return meshConfig(
    [...names.map((name) => service(name, [ports[name] ?? 0])), ...others],
    [
      route(
        'brands',
        [
          rule({ name: 'reads', matches: [by('GET'), by('HEAD')], backendRefs: backendRefs() }),
          rule({ name: 'writes', matches: [by()], backendRefs: backendRefs() }),
        ],
        { policy: routePolicy(policy) },
      ),
    ],
  );
}
