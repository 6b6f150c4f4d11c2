import type { BackendRef, HttpRouteMatch, HttpRouteRule } from '../config/model.ts';
import type { RoutePolicy, SettlePolicy } from '../config/policy-model.ts';
import type { Service } from '../discovery/service.ts';
import type { SettleTarget } from '../settle/target.ts';
import type { Matcher } from './match.ts';

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
  /** `policy.settle` for this rule; absent if it has none. */
  readonly settle?: RuleSettle;
}

/** What is settled behind and before the requests of a rule. */
export interface RuleSettle {
  readonly after: {
    readonly target: SettleTarget;
    readonly policy: NonNullable<SettlePolicy['after']>;
    /** Whether requests of this rule go where writes go while settling fails. */
    readonly reads: boolean;
    /** The rule that says where that is; null if the route has no such rule. Set when the table is complete. */
    writes: RouteRule | null;
  } | null;
  readonly before: {
    readonly target: SettleTarget;
    readonly policy: NonNullable<SettlePolicy['before']>;
    /** Whether a request is settled first. */
    readonly matches: Matcher;
  } | null;
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
