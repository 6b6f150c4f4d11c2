import { defaults } from '../../defaults.ts';
import { bytes, duration, flag, methodName, number, oneOf, percent, wholeNumber } from '../../shapes/leaf-shapes.ts';
import { nested, object, withDefault } from '../../shapes/object-shape.ts';
import { list, mapped, type Shape } from '../../shapes/shape.ts';

export const retryBudget = object({
  percent: withDefault('percent', percent, defaults.retryBudgetPercent, 'Retries, as a percentage of requests.'),
  minRetriesPerSecond: withDefault(
    'minRetriesPerSecond',
    number({ min: 0, max: 100_000 }),
    defaults.retryBudgetMinRetriesPerSecond,
    'Retries allowed on top of the percentage.',
  ),
  ttlMs: withDefault(
    'ttl',
    duration({ minMs: 1000, maxMs: 60_000 }),
    defaults.retryBudgetTtlMs,
    'Time for which a request counts.',
  ),
});

/** HTTP methods, each once. */
export const methods: Shape<string[]> = mapped(
  list(methodName, { max: 9 }),
  (values): string[] => [...new Set<string>(values)].sort(),
  (values) => values as ReturnType<typeof methodName.read>[],
);

export const retry = object({
  methods: withDefault('methods', methods, [...defaults.retryMethods], 'Methods that may be sent twice.'),
  idempotencyKey: withDefault(
    'idempotencyKey',
    flag,
    defaults.retryIdempotencyKey,
    'Whether a request with an Idempotency-Key may be sent twice, whatever its method.',
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
    'Time without a head of a reply after which the next attempt starts; 0s = no limit.',
  ),
  backoff: nested(
    'backoff',
    object({
      maxMs: withDefault(
        'max',
        duration({ minMs: 1, maxMs: 60_000 }),
        defaults.retryBackoffMaxMs,
        'Longest wait before a retry without a Retry-After; twice the HTTPRoute’s `retry.backoff` if that is more.',
      ),
      jitter: withDefault(
        'jitter',
        oneOf(['Full', 'Decorrelated']),
        defaults.retryBackoffJitter,
        'How waits are spread above the shortest one.',
      ),
    }),
    'Between attempts; it starts with the HTTPRoute’s `retry.backoff`.',
  ),
  maxRetryAfterMs: withDefault(
    'maxRetryAfter',
    duration({ maxMs: 300_000 }),
    defaults.retryMaxRetryAfterMs,
    'Longest Retry-After that is waited for; a longer one ends the retries.',
  ),
  replyLimitBytes: withDefault(
    'replyLimit',
    bytes({ max: 67_108_864 }),
    defaults.retryReplyLimitBytes,
    [
      'A truncated reply can be retried as long as no part of it has been sent on. So if another attempt may follow',
      '(the route’s `retry`, attempts and budget left, a request that may be sent twice),',
      'replies are held until they are complete: with a Content-Length up to this limit;',
      'without one until this many bytes have arrived or `replyWait` is over.',
      'Not held: longer replies, `text/event-stream`, upgrades, replies that arrived complete with their head.',
      '0 = no reply is held.',
    ].join(' '),
  ),
  replyWaitMs: withDefault(
    'replyWait',
    duration({ minMs: 1, maxMs: 60_000 }),
    defaults.retryReplyWaitMs,
    'The longest time for which a reply without a Content-Length is held.',
  ),
  duringOutage: withDefault(
    'duringOutage',
    flag,
    defaults.retryDuringOutage,
    'Whether retries go on while hardly any attempt succeeds on any endpoint; then only the budget limits them.',
  ),
});

export const hedging = object({
  percentile: withDefault(
    'percentile',
    number({ min: 50, max: 99.9 }),
    defaults.hedgingPercentile,
    'Percentile of the service’s own latency: if the first attempt takes longer, a second one starts.',
  ),
  minDelayMs: withDefault(
    'minDelay',
    duration({ minMs: 1, maxMs: 60_000 }),
    defaults.hedgingMinDelayMs,
    'Shortest delay before the second attempt.',
  ),
  maxHedges: withDefault(
    'maxHedges',
    wholeNumber(1, 5),
    defaults.hedgingMaxHedges,
    'Attempts besides the first, all within the retry budget.',
  ),
});
