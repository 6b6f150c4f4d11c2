import type { BackendRef, HttpRouteMatch, HttpRouteRule } from '../config/model.ts';
import type { RoutePolicy } from '../config/policy-model.ts';
import type { Service } from '../discovery/service.ts';

/** One backendRef of a rule, ready to be chosen. */
export interface Backend {
  /** One without endpoints, that no registry knows, where the reference is `spec.unresolved`. */
  readonly service: Service;
  /** Share among the backends of its rule; 0 gets nothing. */
  readonly weight: number;
  /** The document's words: filters. */
  readonly spec: BackendRef;
}

/** One rule of a route with everything it refers to: made when documents are read, never changed. */
export interface RouteRule {
  /** Name of the HTTPRoute; of the service, where east-west traffic needs no route. */
  readonly route: string;
  /** Position among the rules of its route. */
  readonly index: number;
  /** `route/index`, for logs, metrics and `mesh explain`. */
  readonly id: string;
  readonly backends: readonly Backend[];
  readonly weightSum: number;
  /** The document's words: timeouts, retry, filters, session persistence. */
  readonly spec: HttpRouteRule;
  readonly policy: RoutePolicy;
  /** What `policy.failover` means for this rule; absent where it has none. */
  readonly failover?: Failover;
}

/** Who answers for the backends of a rule that cannot be used. */
export interface Failover {
  /** The rule's own, where it is one of them. */
  readonly backend: Backend;
  readonly methods: ReadonlySet<string>;
}

/** Which rule a request falls under, and which of its matches said so. */
export interface RouteMatch {
  readonly rule: RouteRule;
  readonly match: HttpRouteMatch;
}
