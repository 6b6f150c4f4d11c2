/** How the mesh treats requests to one Service: its policies merged, and the defaults. */
export interface BackendTrafficPolicy {
  loadBalancer: LoadBalancerPolicy;
  circuitBreaker: CircuitBreakerPolicy;
  limits: LimitsPolicy;
  retryBudget: RetryBudgetPolicy;
  retry: RetryPolicy;
  /** Absent = no active health checks. */
  healthCheck?: HealthCheckPolicy;
  /** Absent = no hedging. */
  hedging?: HedgingPolicy;
  timeouts: ConnectionTimeouts;
  discovery: DiscoveryPolicy;
  /** From `sessionAffinity: ClientIP` of the Service: how long a client without a request is remembered. */
  clientIpAffinityMs?: number;
  /** Sessions stick to an endpoint (that of an HTTPRoute makes them stick to a backend). */
  sessionPersistence?: SessionPersistence;
}

export type BalanceAlgorithm = 'EWMA' | 'LeastRequest' | 'RoundRobin' | 'Random' | 'ConsistentHash';

export interface LoadBalancerPolicy {
  algorithm: BalanceAlgorithm;
  ewma: {
    /** Time constant of the decay of the peak. */
    decayMs: number;
    /** Assumed latency of an endpoint without a measurement. */
  };
  /** Present exactly with algorithm ConsistentHash. */
  consistentHash?: ConsistentHash;
  /** Latency that a failure, 429 or 503 counts as, so that fast failures attract no requests; 0 = its real latency. */
  failurePenaltyMs: number;
  /** Longest Retry-After that is honored; a longer one counts as this. */
  maxRetryAfterMs: number;
  slowStart: SlowStart;
  /** Below this percentage of usable endpoints, all are used; 0 = never. */
  panicThresholdPercent: number;
}

export type ConsistentHash =
  | { type: 'Header'; name: string }
  | { type: 'Cookie'; name: string; ttlMs: number; path: string }
  | { type: 'Source' };

/** weight * max(minWeightPercent / 100, (age / windowMs) ^ (1 / aggression)) */
export interface SlowStart {
  /** 0 = off. */
  windowMs: number;
  aggression: number;
  minWeightPercent: number;
}

export interface CircuitBreakerPolicy {
  enabled: boolean;
  /** Failures in a row that trip an endpoint; 0 = not counted. */
  consecutiveFailures: number;
  /** An endpoint trips below `thresholdPercent` successes in `windowMs` with at least `minRequests`; 0 = off. */
  successRate: { thresholdPercent: number; windowMs: number; minRequests: number };
  /** Time tripped: `minMs`, doubled with each failed probe up to `maxMs`, times 1 to 1 + jitterRatio. */
  penalty: { minMs: number; maxMs: number; jitterRatio: number };
  /** Largest share of endpoints tripped at a time; with two or more endpoints, at least one may be. */
  maxEjectionPercent: number;
}

export interface LimitsPolicy {
  /** Requests to the service that may be in flight, all endpoints together. */
  maxInFlight: number;
  /** Requests that may wait for a place in flight; more are shed with 503. */
  maxQueued: number;
  /** The longest wait in the queue. */
  queueTimeoutMs: number;
  /** TCP connections per endpoint. */
  maxConnections: number;
  /** Sent with 503 and 429, whole seconds. */
  retryAfterS: number;
}

/** Retries never exceed `percent` of the requests of the last `ttlMs`, plus `minRetriesPerSecond`. */
export interface RetryBudgetPolicy {
  percent: number;
  minRetriesPerSecond: number;
  ttlMs: number;
}

/** Settings that the `retry` of an HTTPRoute does not have. */
export interface RetryPolicy {
  /** Upper case: methods that may be sent twice. */
  methods: string[];
  /** Whether a request with an `Idempotency-Key` may be sent twice, whatever its method. */
  idempotencyKey: boolean;
  /** A longer request body is streamed and not retried. */
  bodyLimitBytes: number;
  /** Time without a head of a reply after which the next attempt starts; 0 = no limit. */
  perTryTimeoutMs: number;
  backoff: { maxMs: number; jitter: 'Full' | 'Decorrelated' };
  /** Longest `Retry-After` that is waited for; a longer one ends the retries. */
  maxRetryAfterMs: number;
  /** Largest reply that is held until it is complete, if another attempt may follow; 0 = no reply is held. */
  replyLimitBytes: number;
  /** The longest time for which a reply without a length is held. */
  replyWaitMs: number;
  /** Whether requests that may have been sent are retried even during an outage of the service. */
  duringOutage: boolean;
}

export interface HealthCheckPolicy {
  path: string;
  intervalMs: number;
  timeoutMs: number;
  /** Successful checks in a row that make an endpoint healthy. */
  healthyThreshold: number;
  unhealthyThreshold: number;
  /** Inclusive range of good status codes. */
  expectedStatus: { from: number; to: number };
}

export interface HedgingPolicy {
  /** A second attempt starts when the first takes longer than this percentile of the service's own latency. */
  percentile: number;
  /** Shortest delay before the second attempt. */
  minDelayMs: number;
  /** Attempts besides the first. */
  maxHedges: number;
}

export interface ConnectionTimeouts {
  connectMs: number;
  /** A request ends after this time without a byte from the upstream; 0 = no limit. */
  idleMs: number;
  /** An unused connection is closed after this. */
  keepAliveMs: number;
}

export interface DiscoveryPolicy {
  /** An externalName is resolved again after this. */
  dnsTtlMs: number;
  /** Whether the TTL of DNS records decides when to query again; `dnsTtlMs` then applies to failures only. */
  respectDnsTtl: boolean;
  /** Present: instances may register themselves; a lease that is not renewed for `ttlMs` expires. */
  lease?: { ttlMs: number; maxEndpoints: number };
  /** Time that a leaving endpoint has to finish its requests. */
  drainMs: number;
}

/** How the mesh treats requests of one HTTPRoute: its policies merged, and the defaults. */
export interface RoutePolicy {
  rateLimits: RateLimit[];
  /** Largest request body; a larger one gets a 413; 0 = no limit. */
  bodyLimitBytes: number;
  mirror: MirrorPolicy;
  override: OverridePolicy;
  accessLog: AccessLogPolicy;
  /** Absent = none. */
  failover?: FailoverPolicy;
  /** Absent = nothing is settled. */
  settle?: SettlePolicy;
  /** Absent = a 421 goes to the client. */
  misdirected?: MisdirectedPolicy;
}

/** The Service that knows whether what requests change has arrived everywhere (`POST /settle`). */
export interface SettlePolicy {
  service: string;
  port: number;
  /** What the route changes. */
  resources: string[];
  /** Present: unsafe requests are settled behind their reply's head. */
  after?: {
    /** The longest time that a reply waits. */
    timeoutMs: number;
    /** Name of the rule whose weights say where writes go. */
    writesRule: string;
    /** Names of the rules whose requests go there while settling fails; absent = all others. */
    readRules?: string[];
  };
  /** Present: these requests wait until what they depend on is settled. */
  before?: {
    timeoutMs: number;
    /** Sent with the 503 of a request that could not be settled, whole seconds. */
    retryAfterS: number;
    /** Absent = those of the policy. */
    resources?: string[];
    /** At least one. */
    requests: SettledRequest[];
  };
}

/** Requests by their method (absent = any) and path. */
export interface SettledRequest {
  method?: string;
  path: PathMatch;
}

export interface PathMatch {
  type: 'Exact' | 'PathPrefix' | 'RegularExpression';
  value: string;
}

/** How requests are routed again whose backend is the wrong one (421). */
export interface MisdirectedPolicy {
  /** Time after which such a request gets 503. */
  timeoutMs: number;
  /** A longer body is not kept: then the request gets 503 at once. */
  bodyLimitBytes: number;
}

/** The Service that replies for a backend without a healthy endpoint. */
export interface FailoverPolicy {
  service: string;
  port: number;
  /** Upper case: methods of requests that may fail over. */
  methods: string[];
  /** Names of rules of the route; absent = all of them. */
  rules?: string[];
}

/** Token bucket in this process. */
export interface RateLimit {
  requestsPerSecond: number;
  burst: number;
  per: 'Route' | 'Client';
  /** per Client: the header that tells clients apart (lower case); absent = the peer's address. */
  clientHeader?: string;
}

export interface MirrorPolicy {
  /** Whether unsafe methods (POST, PUT …) are mirrored too. */
  unsafeMethods: boolean;
  /** Requests with a longer body are not mirrored. */
  bodyLimitBytes: number;
  timeoutMs: number;
  /** Mirrored requests in flight; more are dropped and counted. */
  maxInFlight: number;
}

/** The peers that may choose the backend of single requests with the override header. */
export interface OverridePolicy {
  /** IP addresses or CIDR blocks of peers; empty = none. */
  allowFrom: string[];
}

export interface AccessLogPolicy {
  /** 0 to 100: share of successful requests that are logged. */
  samplePercent: number;
  /** Whether all failed requests are logged, whatever the sample. */
  alwaysFailures: boolean;
}

export interface SessionPersistence {
  type: 'Cookie' | 'Header';
  /** Name of the cookie (as written) or header (lower case). */
  sessionName: string;
  /** 0 = none. */
  absoluteTimeoutMs: number;
  /** 0 = none. */
  idleTimeoutMs: number;
  /** Permanent: the cookie is sent with Max-Age = absoluteTimeout. */
  lifetimeType: 'Session' | 'Permanent';
}
