import type { BackendTrafficPolicy, RoutePolicy, SessionPersistence } from './policy-model.ts';

export type * from './policy-model.ts';

/**
 * What the documents say, normalised: every reference resolved, every default filled in, every duration a number of
 * milliseconds, every header name in lower case, every list in a fixed order. Plain JSON data: two configurations are
 * equal if their JSON is.
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
  /** IP addresses to listen on; empty = where the process is told to. */
  addresses: string[];
  /** Those for HTTP, by name. */
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
  /** Those that routes can send to, by port. */
  ports: ServicePort[];
  /** From `externalName`: resolved again and again, every address is an endpoint. An IP address is taken as it is. */
  externalName?: string;
  /** From EndpointSlices; by servicePort, address, port. Empty where DNS or leases tell. */
  endpoints: StaticEndpoint[];
  policy: BackendTrafficPolicy;
}

export interface ServicePort {
  name?: string;
  /** What backendRefs and parentRefs name. */
  port: number;
  /** Where the endpoints listen, if nothing else (an EndpointSlice, a lease) says so. */
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
  /** `metadata.creationTimestamp`, RFC 3339: the older route wins where two are equally specific. */
  createdAt?: string;
  /** Those that exist; without any, the route takes no requests. */
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
  /** At least one; any of them is enough. */
  matches: HttpRouteMatch[];
  filters: HttpRouteFilter[];
  /** Empty only if a filter answers (redirect). All weights 0 = the request is answered with 500. */
  backendRefs: BackendRef[];
  timeouts: RouteTimeouts;
  /** Absent: only requests known not to have been sent are repeated. */
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

export interface PathMatch {
  type: 'Exact' | 'PathPrefix' | 'RegularExpression';
  value: string;
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

/** What kind of object a reference names, and where. */
export interface ReferenceTarget {
  group: string;
  kind: string;
  namespace?: string;
}

export interface BackendRef {
  /** Name of a Service; of something else, or of nothing, where it is `unresolved`. */
  service: string;
  /** 0 where the reference names none. */
  port: number;
  /** Present where the reference leads nowhere: its share of the requests is answered with 500 (Gateway API). */
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
