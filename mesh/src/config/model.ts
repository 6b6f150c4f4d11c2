import type { BackendTrafficPolicy, PathMatch, RoutePolicy, SessionPersistence } from './policy-model.ts';

export type * from './policy-model.ts';

/**
 * The content of the documents, normalized: references resolved, defaults filled in, durations as milliseconds, header
 * names in lower case, lists in a fixed order. Plain JSON data: two configurations are equal if their JSON is.
 */
export interface MeshConfig {
  /** The one namespace that all documents share. */
  namespace: string;
  /** By name. */
  gateways: Gateway[];
  /** By name. */
  services: Service[];
  /** By name. The order in which routes are tried is `inPrecedence` in precedence.ts. */
  routes: HttpRoute[];
}

export interface Gateway {
  name: string;
  className: string;
  /** IP addresses to listen on; empty = the address in HOST. */
  addresses: string[];
  /** The listeners for HTTP, by name. */
  listeners: Listener[];
}

export interface Listener {
  name: string;
  /** TCP port, 0 to 65535; 0 = any free one. */
  port: number;
  /** Lower case, may start with `*.`; absent = any. */
  hostname?: string;
}

/** A backend, by name: where requests of a route go. */
export interface Service {
  name: string;
  /** The ports that routes can send to, by number. */
  ports: ServicePort[];
  /** From `externalName`: resolved repeatedly; every address is an endpoint. An IP address is taken as it is. */
  externalName?: string;
  /** From EndpointSlices; by servicePort, address, port. Empty if the endpoints come from DNS or leases. */
  endpoints: StaticEndpoint[];
  policy: BackendTrafficPolicy;
}

export interface ServicePort {
  name?: string;
  /** The port that backendRefs and parentRefs name. */
  port: number;
  /** Port of endpoints whose EndpointSlice or lease names none. */
  targetPort: number;
}

export interface StaticEndpoint {
  /** Which port of the service this endpoint serves. */
  servicePort: number;
  /** IPv4, IPv6 (without brackets) or, with `addressType: FQDN`, a host name. */
  address: string;
  addressType: 'IPv4' | 'IPv6' | 'FQDN';
  port: number;
  /** Relative share of traffic, 1 to 1000; from the slice's annotation `mesh.banyan.dev/weight`. */
  weight: number;
  /** False: known, but takes no new requests (draining). */
  ready: boolean;
}

export interface HttpRoute {
  name: string;
  /** `metadata.creationTimestamp`, RFC 3339: of two equally specific routes, the older one wins. */
  createdAt?: string;
  /** The parents that exist; without any, the route takes no requests. */
  parents: RouteParent[];
  /** Lower case; each may start with `*.`. Empty = any. */
  hostnames: string[];
  rules: HttpRouteRule[];
  policy: RoutePolicy;
}

/** A Gateway makes a route north-south, a Service makes it east-west. */
export type RouteParent =
  | { kind: 'Gateway'; name: string; sectionName?: string; port?: number }
  | { kind: 'Service'; name: string; port?: number };

export interface HttpRouteRule {
  name?: string;
  /** At least one; a request must match one of them. */
  matches: HttpRouteMatch[];
  filters: HttpRouteFilter[];
  /** Empty only if a filter replies (redirect). If all weights are 0, the reply is a 500. */
  backendRefs: BackendRef[];
  timeouts: RouteTimeouts;
  /** Absent: a request is retried only if it certainly was not sent. */
  retry?: RouteRetry;
  sessionPersistence?: SessionPersistence;
}

/** All conditions must hold. */
export interface HttpRouteMatch {
  path: PathMatch;
  headers: ValueMatch[];
  queryParams: ValueMatch[];
  method?: string;
}

/** A condition on a header (name in lower case) or query parameter (name as written). */
export interface ValueMatch {
  type: 'Exact' | 'RegularExpression';
  name: string;
  value: string;
}

export type HttpRouteFilter =
  | { type: 'RequestHeaderModifier'; modifier: HeaderModifier }
  | { type: 'ResponseHeaderModifier'; modifier: HeaderModifier }
  | { type: 'RequestRedirect'; redirect: RequestRedirect }
  | { type: 'URLRewrite'; rewrite: UrlRewrite }
  | { type: 'RequestMirror'; mirror: RequestMirror }
  | { type: 'CORS'; cors: CorsFilter };

/** Applied in this order: set, add, remove. */
export interface HeaderModifier {
  set: HeaderValue[];
  add: HeaderValue[];
  /** Lower case. */
  remove: string[];
}

export interface HeaderValue {
  /** Lower case. */
  name: string;
  value: string;
}

export interface RequestRedirect {
  scheme?: 'http' | 'https';
  hostname?: string;
  path?: PathModifier;
  port?: number;
  statusCode: 301 | 302 | 303 | 307 | 308;
}

export interface UrlRewrite {
  hostname?: string;
  path?: PathModifier;
}

export type PathModifier =
  | { type: 'ReplaceFullPath'; replaceFullPath: string }
  | { type: 'ReplacePrefixMatch'; replacePrefixMatch: string };

export interface RequestMirror {
  service: string;
  port: number;
  /** Only in documents: mirrors that lead nowhere are left out of the configuration. */
  target?: ReferenceTarget;
  /** Share of requests that are mirrored; `percent: 5` is 5/100. */
  numerator: number;
  denominator: number;
}

export interface CorsFilter {
  /** Scheme, host (may be or start with `*`) and optional port; `*` alone = any. */
  allowOrigins: string[];
  allowCredentials: boolean;
  /** Upper case, or `*`. */
  allowMethods: string[];
  /** Lower case, or `*`. */
  allowHeaders: string[];
  exposeHeaders: string[];
  maxAgeS: number;
}

/** The kind and namespace of the object that a reference names. */
export interface ReferenceTarget {
  group: string;
  kind: string;
  namespace?: string;
}

export interface BackendRef {
  /** Name of a Service; of any object, existing or not, if `unresolved`. */
  service: string;
  /** 0 if the reference has no port. */
  port: number;
  /** Present if the reference leads nowhere: its share of the requests gets a 500 (Gateway API). */
  unresolved?: ReferenceTarget;
  /** 0 to 1,000,000: share of the sum of all weights of the rule. */
  weight: number;
  /** Filters for requests that go to this backend, inside those of the rule. */
  filters: HttpRouteFilter[];
}

export interface RouteTimeouts {
  /** All attempts together, to the last byte of the reply; 0 = none. */
  requestMs: number;
  /** One attempt; 0 = none. */
  backendRequestMs: number;
}

export interface RouteRetry {
  /** Response codes to retry, ascending. */
  codes: number[];
  /** Retries after the first attempt. */
  attempts: number;
  /** The shortest wait before a retry, before jitter. */
  backoffMs: number;
}
