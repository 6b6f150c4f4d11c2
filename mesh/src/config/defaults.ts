/**
 * Every default of the document language, once. `Ms` = milliseconds, `S` = seconds, `Percent` = 0 to 100. README.md
 * beside this file lists them with their fields.
 */
export const defaults = {
  // Load balancing. Peak EWMA as in Finagle and Linkerd.
  algorithm: 'EWMA',
  ewmaDecayMs: 10_000,
  /** Linkerd's load biaser. */
  failurePenaltyMs: 5_000,
  failureMaxRetryAfterMs: 300_000,
  slowStartWindowMs: 10_000,
  slowStartAggression: 1,
  slowStartMinWeightPercent: 10,
  panicThresholdPercent: 50,
  consistentHashCookieTtlMs: 0,
  consistentHashCookiePath: '/',
  endpointWeight: 1,

  // Circuit breaking: Linkerd's figures, both rules on.
  circuitBreakerEnabled: true,
  consecutiveFailures: 7,
  successRateThresholdPercent: 80,
  successRateWindowMs: 10_000,
  successRateMinRequests: 20,
  penaltyMinMs: 1_000,
  penaltyMaxMs: 60_000,
  penaltyJitterRatio: 0.5,
  maxEjectionPercent: 50,

  // Limits: Envoy's figures, except for connections (per endpoint here).
  maxInFlight: 1_024,
  maxQueued: 1_024,
  queueTimeoutMs: 1_000,
  maxConnections: 256,
  retryAfterS: 1,

  // Retries and their budget: Finagle's figures for the budget.
  retryBudgetPercent: 20,
  retryBudgetMinRetriesPerSecond: 10,
  retryBudgetTtlMs: 10_000,
  retryCodes: [502, 503, 504] as readonly number[],
  retryAttempts: 2,
  retryBackoffMs: 25,
  retryMethods: ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PUT', 'TRACE'] as readonly string[],
  retryIdempotencyKey: true,
  retryBodyLimitBytes: 65_536,
  retryPerTryTimeoutMs: 0,
  retryBackoffMaxMs: 250,
  retryBackoffJitter: 'Full',
  retryMaxRetryAfterMs: 5_000,
  retryReplyLimitBytes: 65_536,
  retryReplyWaitMs: 250,
  retryDuringOutage: false,
  /** Fewest retries of a request that certainly was not sent, even if the route has no `retry`. */
  requeues: 3,

  // Hedging is off by default; these apply once a policy enables it.
  hedgingPercentile: 95,
  hedgingMinDelayMs: 5,
  hedgingMaxHedges: 1,

  // Active health checks are off by default; these apply once a policy enables them.
  healthCheckPath: '/health/ready',
  healthCheckIntervalMs: 5_000,
  healthCheckTimeoutMs: 1_000,
  healthCheckHealthyThreshold: 1,
  healthCheckUnhealthyThreshold: 3,
  healthCheckStatusFrom: 200,
  healthCheckStatusTo: 299,

  // Timeouts. No limit on the whole request: downloads and event streams may take any time.
  requestTimeoutMs: 0,
  backendRequestTimeoutMs: 0,
  connectTimeoutMs: 1_000,
  idleTimeoutMs: 60_000,
  /** Below the 5 s after which Node's own server closes, so that no request meets a closing connection. */
  keepAliveMs: 4_000,

  // Discovery.
  dnsTtlMs: 5_000,
  respectDnsTtl: false,
  leaseTtlMs: 15_000,
  leaseMaxEndpoints: 100,
  drainMs: 30_000,

  /** As in Kubernetes. */
  clientIpAffinityS: 10_800,

  // Routes.
  backendWeight: 1,
  mirrorPercent: 100,
  fractionDenominator: 100,
  redirectStatusCode: 302,
  corsMaxAgeS: 5,
  sessionType: 'Cookie',
  sessionLifetimeType: 'Session',
  rateLimitPer: 'Route',
  bodyLimitBytes: 0,
  mirrorUnsafeMethods: false,
  mirrorBodyLimitBytes: 65_536,
  mirrorTimeoutMs: 10_000,
  mirrorMaxInFlight: 64,
  accessLogSamplePercent: 100,
  accessLogAlwaysFailures: true,
  settleAfterTimeoutMs: 250,
  settleWritesRule: 'writes',
  settleBeforeTimeoutMs: 10_000,
  settleRetryAfterS: 1,
  misdirectedTimeoutMs: 5_000,
  misdirectedBodyLimitBytes: 1_048_576,
  failoverMethods: ['GET', 'HEAD', 'OPTIONS'] as readonly string[],
} as const;
