/** How the mesh treats requests to one Service. `name` is the policy document's; absent = defaults only. */
export interface BackendTrafficPolicy {
  name?: string;
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
    /** What an endpoint that has not been measured is taken to need. */
  };
  /** Present exactly with algorithm ConsistentHash. */
  consistentHash?: ConsistentHash;
  /** What a failure or a 429/503 counts as, so that an endpoint that fails fast attracts nothing; 0 = its real time. */
  failurePenaltyMs: number;
  /** A Retry-After is believed up to here. */
  maxRetryAfterMs: number;
  slowStart: SlowStart;
  /** Where fewer endpoints than this percentage may be used, all are used; 0 = never. */
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
  /** Below `thresholdPercent` successes over `windowMs` with at least `minRequests`, an endpoint trips; 0 percent = off. */
  successRate: { thresholdPercent: number; windowMs: number; minRequests: number };
  /** Time tripped: `minMs`, doubled with each failed probe up to `maxMs`, times 1 to 1 + jitterRatio. */
  penalty: { minMs: number; maxMs: number; jitterRatio: number };
  /** At most so many endpoints are tripped at a time, but one as soon as there are two. */
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

/** What HTTPRoute's `retry` does not say. */
export interface RetryPolicy {
  /** Upper case: methods that may be sent twice. */
  methods: string[];
  /** Whether an `Idempotency-Key` makes any method one that may be sent twice. */
  idempotencyKey: boolean;
  /** A longer request body is streamed and not retried. */
  bodyLimitBytes: number;
  /** The longest head of an attempt that is retried after it; 0 = none. */
  perTryTimeoutMs: number;
  backoff: { maxMs: number; jitter: 'Full' | 'Decorrelated' };
  /** A `Retry-After` up to here is waited for; a longer one ends the retries. */
  maxRetryAfterMs: number;
  /** Replies up to here are held until they are whole, where another attempt may follow; 0 = none is held. */
  replyLimitBytes: number;
  /** A reply without a length is held for so long at most. */
  replyWaitMs: number;
  /** Whether what may have been sent is retried also while the service is out. */
  duringOutage: boolean;
}

export interface HealthCheckPolicy {
  path: string;
  intervalMs: number;
  timeoutMs: number;
  /** Good answers in a row that make an endpoint healthy. */
  healthyThreshold: number;
  unhealthyThreshold: number;
  /** Inclusive range of good status codes. */
  expectedStatus: { from: number; to: number };
}

export interface HedgingPolicy {
  /** A second attempt starts when the first takes longer than this percentile of the service's own latency. */
  percentile: number;
  /** Never sooner than this. */
  minDelayMs: number;
  /** Attempts besides the first. */
  maxHedges: number;
}

export interface ConnectionTimeouts {
  connectMs: number;
  /** No byte from the upstream for so long ends the request; 0 = none. */
  idleMs: number;
  /** An unused connection is closed after this. */
  keepAliveMs: number;
}

export interface DiscoveryPolicy {
  /** An externalName is resolved again after this. */
  dnsTtlMs: number;
  /** Name servers are asked themselves, and again when their records' own time is over; `dnsTtlMs` is for failures then. */
  respectDnsTtl: boolean;
  /** Present: instances may register themselves; a lease that is not renewed for `ttlMs` expires. */
  lease?: { ttlMs: number; maxEndpoints: number };
  /** An endpoint that leaves has so long to finish what it has. */
  drainMs: number;
}

/** How the mesh treats requests of one HTTPRoute. `name` is the policy document's; absent = defaults only. */
export interface RoutePolicy {
  name?: string;
  rateLimits: RateLimit[];
  /** Largest request body; more is answered with 413; 0 = no limit. */
  bodyLimitBytes: number;
  mirror: MirrorPolicy;
  override: OverridePolicy;
  accessLog: AccessLogPolicy;
  /** Absent = none. */
  failover?: FailoverPolicy;
}

/** Who answers for a backend that has no endpoint, or none that is healthy. */
export interface FailoverPolicy {
  service: string;
  port: number;
  /** Upper case: methods that may be answered by another backend. */
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
  /** Whether methods that change something are mirrored too. */
  unsafeMethods: boolean;
  /** Requests with a longer body are not mirrored. */
  bodyLimitBytes: number;
  timeoutMs: number;
  /** Mirrored requests under way at a time; more are dropped and counted. */
  maxInFlight: number;
}

/** Who may steer single requests past the weights with the override header. */
export interface OverridePolicy {
  /** IP addresses or CIDR blocks of peers; empty = nobody. */
  allowFrom: string[];
}

export interface AccessLogPolicy {
  /** 0 to 100: share of successful requests that are logged. */
  samplePercent: number;
  /** Failed requests are logged whatever the sample says. */
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
