import { defaults } from '../defaults.ts';
import {
  bytes,
  cookieName,
  duration,
  flag,
  methodName,
  number,
  oneOf,
  percent,
  text,
  wholeNumber,
} from '../leaf-shapes.ts';
import type { ConsistentHash } from '../model.ts';
import { nested, object, optional, required, withDefault } from '../object-shape.ts';
import { list, mapped, ruled, type Shape } from '../shape.ts';
import { metadata } from './metadata.ts';
import { pathFault } from './path-rules.ts';
import { targetReference } from './references.ts';
import { sessionPersistence } from './session-persistence.ts';

const hour = 3_600_000;

const consistentHash: Shape<ConsistentHash> = mapped(
  ruled(
    object({
      type: required('type', oneOf(['Header', 'Cookie', 'Source']), 'What decides the endpoint.'),
      name: optional('name', cookieName, 'Of the header or cookie.'),
      ttlMs: withDefault(
        'ttl',
        duration({ maxMs: 24 * hour }),
        defaults.consistentHashCookieTtlMs,
        'Of the cookie; 0s = the session.',
      ),
      path: withDefault(
        'path',
        text({ says: 'a path', fault: (value) => pathFault(value) }),
        defaults.consistentHashCookiePath,
        'Of the cookie.',
      ),
    }),
    ({ type, name }, at) => {
      if (type !== 'Source' && name === undefined) at.fault(['name'], `is required with type ${type}`);
      if (type === 'Source' && name !== undefined) at.fault(['name'], 'must not be there with type Source');
    },
  ),
  ({ type, name = 'name', ttlMs, path }): ConsistentHash => {
    if (type === 'Header') return { type, name: name.toLowerCase() };
    return type === 'Cookie' ? { type, name, ttlMs, path } : { type };
  },
  (value) => ({ ttlMs: defaults.consistentHashCookieTtlMs, path: defaults.consistentHashCookiePath, ...value }),
);

const slowStart = object({
  windowMs: withDefault(
    'window',
    duration({ maxMs: hour }),
    defaults.slowStartWindowMs,
    'How long an endpoint is new; 0s = off.',
  ),
  aggression: withDefault(
    'aggression',
    number({ min: 0.1, max: 10 }),
    defaults.slowStartAggression,
    '1 = the share grows in a straight line.',
  ),
  minWeightPercent: withDefault(
    'minWeightPercent',
    percent,
    defaults.slowStartMinWeightPercent,
    'Where the share starts.',
  ),
});

const loadBalancer = ruled(
  object({
    algorithm: withDefault(
      'algorithm',
      oneOf(['EWMA', 'LeastRequest', 'RoundRobin', 'Random', 'ConsistentHash']),
      defaults.algorithm,
      'EWMA and LeastRequest take the better of two endpoints drawn at random.',
    ),
    ewma: nested(
      'ewma',
      object({
        decayMs: withDefault(
          'decay',
          duration({ minMs: 100, maxMs: hour }),
          defaults.ewmaDecayMs,
          'Time constant by which a peak is forgotten.',
        ),
        defaultRttMs: withDefault(
          'defaultRtt',
          duration({ minMs: 1, maxMs: 60_000 }),
          defaults.ewmaDefaultRttMs,
          'What an endpoint not yet measured is taken to need.',
        ),
      }),
      'For algorithm EWMA.',
    ),
    consistentHash: optional('consistentHash', consistentHash, 'Required with algorithm ConsistentHash.'),
    failurePenaltyMs: withDefault(
      'failurePenalty',
      duration({ maxMs: 300_000 }),
      defaults.failurePenaltyMs,
      'What a failure, 429 or 503 counts as; 0s = its real time.',
    ),
    maxRetryAfterMs: withDefault(
      'maxRetryAfter',
      duration({ maxMs: hour }),
      defaults.failureMaxRetryAfterMs,
      'A Retry-After is believed up to here.',
    ),
    slowStart: nested('slowStart', slowStart, 'Share of traffic of new endpoints.'),
    panicThresholdPercent: withDefault(
      'panicThresholdPercent',
      percent,
      defaults.panicThresholdPercent,
      'With fewer usable endpoints, all are used; 0 = never.',
    ),
  }),
  ({ algorithm, consistentHash: hash }, at) => {
    if (at.hasFault(['algorithm'])) return;
    if (algorithm === 'ConsistentHash' && hash === undefined)
      at.fault(['consistentHash'], 'is required with algorithm ConsistentHash');
    if (algorithm !== 'ConsistentHash' && hash !== undefined) {
      at.fault(['consistentHash'], `must not be there with algorithm ${algorithm}`);
    }
  },
);

const penalty = ruled(
  object({
    minMs: withDefault('min', duration({ minMs: 1, maxMs: hour }), defaults.penaltyMinMs, 'First time out.'),
    maxMs: withDefault(
      'max',
      duration({ minMs: 1, maxMs: hour }),
      defaults.penaltyMaxMs,
      'Doubled with each failed probe up to here.',
    ),
    jitterRatio: withDefault(
      'jitterRatio',
      number({ min: 0, max: 100 }),
      defaults.penaltyJitterRatio,
      'Up to so much of it is added at random.',
    ),
  }),
  ({ minMs, maxMs }, at) => {
    if (maxMs < minMs) at.fault(['max'], 'must not be shorter than min');
  },
);

const circuitBreaker = object({
  enabled: withDefault('enabled', flag, defaults.circuitBreakerEnabled, 'False: no endpoint is ever tripped.'),
  consecutiveFailures: withDefault(
    'consecutiveFailures',
    wholeNumber(0, 1000),
    defaults.consecutiveFailures,
    'Failures in a row that trip an endpoint; 0 = not counted.',
  ),
  successRate: nested(
    'successRate',
    object({
      thresholdPercent: withDefault(
        'thresholdPercent',
        percent,
        defaults.successRateThresholdPercent,
        'Below this an endpoint trips; 0 = off.',
      ),
      windowMs: withDefault(
        'window',
        duration({ minMs: 100, maxMs: hour }),
        defaults.successRateWindowMs,
        'Over this time.',
      ),
      minRequests: withDefault(
        'minRequests',
        wholeNumber(1, 1_000_000),
        defaults.successRateMinRequests,
        'With at least so many requests.',
      ),
    }),
    'Trips on the share of successes.',
  ),
  penalty: nested('penalty', penalty, 'How long an endpoint stays tripped before it is probed.'),
  maxEjectionPercent: withDefault(
    'maxEjectionPercent',
    percent,
    defaults.maxEjectionPercent,
    'At most so many are tripped at a time, but one as soon as there are two.',
  ),
});

const limits = object({
  maxInFlight: withDefault(
    'maxInFlight',
    wholeNumber(1, 1_000_000),
    defaults.maxInFlight,
    'Requests in flight to the service.',
  ),
  maxQueued: withDefault(
    'maxQueued',
    wholeNumber(0, 1_000_000),
    defaults.maxQueued,
    'Requests that wait; more are answered with 503.',
  ),
  queueTimeoutMs: withDefault(
    'queueTimeout',
    duration({ minMs: 1, maxMs: 60_000 }),
    defaults.queueTimeoutMs,
    'Longest wait; then 503.',
  ),
  maxConnections: withDefault(
    'maxConnections',
    wholeNumber(1, 65_535),
    defaults.maxConnections,
    'TCP connections per endpoint.',
  ),
  retryAfterS: withDefault(
    'retryAfter',
    secondsDuration(),
    defaults.retryAfterS,
    'Sent in Retry-After with what is shed.',
  ),
});

/** Retry-After counts whole seconds. */
function secondsDuration(): Shape<number> {
  return mapped(
    ruled(duration({ minMs: 1000, maxMs: hour }), (value, at) => {
      if (value % 1000 !== 0) at.fault([], 'must be whole seconds');
    }),
    (valueMs) => Math.ceil(valueMs / 1000),
    (seconds) => seconds * 1000,
  );
}

const retryBudget = object({
  percent: withDefault('percent', percent, defaults.retryBudgetPercent, 'Retries in percent of requests.'),
  minRetriesPerSecond: withDefault(
    'minRetriesPerSecond',
    number({ min: 0, max: 100_000 }),
    defaults.retryBudgetMinRetriesPerSecond,
    'Besides the percentage.',
  ),
  ttlMs: withDefault(
    'ttl',
    duration({ minMs: 1000, maxMs: 60_000 }),
    defaults.retryBudgetTtlMs,
    'How long a request counts.',
  ),
});

const methods: Shape<string[]> = mapped(
  list(methodName, { max: 9 }),
  (values): string[] => [...new Set<string>(values)].sort(),
  (values) => values as ReturnType<typeof methodName.read>[],
);

const retry = object({
  methods: withDefault('methods', methods, [...defaults.retryMethods], 'May be sent twice.'),
  idempotencyKey: withDefault(
    'idempotencyKey',
    flag,
    defaults.retryIdempotencyKey,
    'An Idempotency-Key makes any method one that may be sent twice.',
  ),
  bodyLimitBytes: withDefault(
    'bodyLimit',
    bytes({ max: 67_108_864 }),
    defaults.retryBodyLimitBytes,
    'Longer bodies are streamed and not retried.',
  ),
  perTryTimeoutMs: withDefault(
    'perTryTimeout',
    duration(),
    defaults.retryPerTryTimeoutMs,
    'No head of a reply for so long: next attempt; 0s = none.',
  ),
  backoff: nested(
    'backoff',
    object({
      maxMs: withDefault(
        'max',
        duration({ minMs: 1, maxMs: 60_000 }),
        defaults.retryBackoffMaxMs,
        'Longest wait before a retry.',
      ),
      jitter: withDefault(
        'jitter',
        oneOf(['Full', 'Decorrelated']),
        defaults.retryBackoffJitter,
        'How waits are spread.',
      ),
    }),
    'Between attempts; it starts with the HTTPRoute’s `retry.backoff`.',
  ),
  maxRetryAfterMs: withDefault(
    'maxRetryAfter',
    duration({ maxMs: 300_000 }),
    defaults.retryMaxRetryAfterMs,
    'A Retry-After up to here is waited for; a longer one ends the retries.',
  ),
});

const status = wholeNumber(100, 599);
const healthCheck = ruled(
  object({
    path: withDefault(
      'path',
      text({ says: 'a path', max: 1024, fault: (value) => pathFault(value) }),
      defaults.healthCheckPath,
      'Asked with GET.',
    ),
    intervalMs: withDefault(
      'interval',
      duration({ minMs: 100, maxMs: hour }),
      defaults.healthCheckIntervalMs,
      'Between the checks of an endpoint.',
    ),
    timeoutMs: withDefault(
      'timeout',
      duration({ minMs: 1, maxMs: hour }),
      defaults.healthCheckTimeoutMs,
      'No answer for so long is a bad one.',
    ),
    healthyThreshold: withDefault(
      'healthyThreshold',
      wholeNumber(1, 100),
      defaults.healthCheckHealthyThreshold,
      'Good answers in a row that bring an endpoint back.',
    ),
    unhealthyThreshold: withDefault(
      'unhealthyThreshold',
      wholeNumber(1, 100),
      defaults.healthCheckUnhealthyThreshold,
      'Bad answers in a row that take it out.',
    ),
    expectedStatus: nested(
      'expectedStatus',
      object({
        from: withDefault('from', status, defaults.healthCheckStatusFrom, 'Good from'),
        to: withDefault('to', status, defaults.healthCheckStatusTo, 'to, both included.'),
      }),
      'Which answers are good.',
    ),
  }),
  ({ expectedStatus: { from, to } }, at) => {
    if (to < from) at.fault(['expectedStatus', 'to'], 'must not be less than from');
  },
);

const hedging = object({
  percentile: withDefault(
    'percentile',
    number({ min: 50, max: 99.9 }),
    defaults.hedgingPercentile,
    'Of the service’s own latency: when the first attempt takes longer, a second one starts.',
  ),
  minDelayMs: withDefault(
    'minDelay',
    duration({ minMs: 1, maxMs: 60_000 }),
    defaults.hedgingMinDelayMs,
    'Never sooner than this.',
  ),
  maxHedges: withDefault(
    'maxHedges',
    wholeNumber(1, 5),
    defaults.hedgingMaxHedges,
    'Attempts besides the first, all inside the retry budget.',
  ),
});

const timeouts = object({
  connectMs: withDefault(
    'connect',
    duration({ minMs: 1, maxMs: 60_000 }),
    defaults.connectTimeoutMs,
    'To open a connection.',
  ),
  idleMs: withDefault(
    'idle',
    duration(),
    defaults.idleTimeoutMs,
    'No byte from the upstream for so long ends the request; 0s = none.',
  ),
  keepAliveMs: withDefault(
    'keepAlive',
    duration({ minMs: 1, maxMs: hour }),
    defaults.keepAliveMs,
    'An unused connection is closed after this.',
  ),
});

const discovery = object({
  dnsTtlMs: withDefault(
    'dnsTtl',
    duration({ minMs: 100, maxMs: hour }),
    defaults.dnsTtlMs,
    'An externalName is resolved again after this.',
  ),
  lease: optional(
    'lease',
    object({
      ttlMs: withDefault(
        'ttl',
        duration({ minMs: 1000, maxMs: hour }),
        defaults.leaseTtlMs,
        'A lease not renewed for so long expires.',
      ),
      maxEndpoints: withDefault(
        'maxEndpoints',
        wholeNumber(1, 10_000),
        defaults.leaseMaxEndpoints,
        'More are refused.',
      ),
    }),
    'Present: instances may register themselves.',
  ),
  drainMs: withDefault(
    'drain',
    duration({ maxMs: hour }),
    defaults.drainMs,
    'An endpoint that leaves has so long to finish what it has.',
  ),
});

/** All but the targets: what the data plane is given. */
export const backendPolicyFields = {
  loadBalancer: nested('loadBalancer', loadBalancer, 'Which endpoint a request goes to.'),
  circuitBreaker: nested('circuitBreaker', circuitBreaker, 'When an endpoint gets no requests for a while.'),
  limits: nested('limits', limits, 'How much the service is given at a time.'),
  retryBudget: nested('retryBudget', retryBudget, 'Bounds all retries and hedges to the service, whatever routes say.'),
  retry: nested('retry', retry, 'What HTTPRoute’s `retry` does not say.'),
  healthCheck: optional('healthCheck', healthCheck, 'Active health checks; absent = none.'),
  hedging: optional('hedging', hedging, 'A second attempt for slow requests; absent = none.'),
  timeouts: nested('timeouts', timeouts, 'Of connections.'),
  discovery: nested('discovery', discovery, 'How endpoints are found.'),
  sessionPersistence: optional(
    'sessionPersistence',
    sessionPersistence,
    'A client stays with the endpoint it was given.',
  ),
};

/** mesh.banyan.dev/v1alpha1 BackendTrafficPolicy. */
export const backendTrafficPolicy = object(
  {
    metadata: required('metadata', metadata, ''),
    spec: required(
      'spec',
      object({
        targetRefs: required(
          'targetRefs',
          list(targetReference('', 'Service'), { min: 1, max: 64 }),
          'The Services it is for.',
        ),
        ...backendPolicyFields,
      }),
      '',
    ),
  },
  { ignored: ['apiVersion', 'kind', 'status'] },
);
