import type { BackendRef, HttpRouteMatch, HttpRouteRule } from '../config/model.ts';
import type { RoutePolicy } from '../config/policy-model.ts';
import type { Service } from '../discovery/service.ts';

/** One backendRef of a rule, resolved. */
export interface Backend {
  /** If the reference is `spec.unresolved`: a service without endpoints, in no registry. */
  readonly service: Service;
  /** Weight among the backends of its rule; 0 gets no requests. */
  readonly weight: number;
  /** From the document: filters. */
  readonly spec: BackendRef;
}

/** One rule of a route, with all its references resolved. Created when documents are read, and never changed. */
export interface RouteRule {
  /** Name of the HTTPRoute, or of the service for east-west traffic without a route. */
  readonly route: string;
  /** Position among the rules of its route. */
  readonly index: number;
  /** `route/index`, for logs, metrics and `mesh explain`. */
  readonly id: string;
  readonly backends: readonly Backend[];
  readonly weightSum: number;
  /** From the document: timeouts, retry, filters, session persistence. */
  readonly spec: HttpRouteRule;
  readonly policy: RoutePolicy;
  /** `policy.failover` for this rule; absent if it has none. */
  readonly failover?: Failover;
}

/** The service that takes over when the backends of a rule cannot be used. */
export interface Failover {
  /** The backend of the rule itself, if the failover service is one. */
  readonly backend: Backend;
  readonly methods: ReadonlySet<string>;
}

/** The rule that a request matches, and which of its matches applies. */
export interface RouteMatch {
  readonly rule: RouteRule;
  readonly match: HttpRouteMatch;
}
