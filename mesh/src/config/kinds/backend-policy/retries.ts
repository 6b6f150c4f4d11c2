import { defaults } from '../../defaults.ts';
import { bytes, duration, flag, methodName, number, oneOf, percent, wholeNumber } from '../../shapes/leaf-shapes.ts';
import { nested, object, withDefault } from '../../shapes/object-shape.ts';
import { list, mapped, type Shape } from '../../shapes/shape.ts';

export const retryBudget = object({
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

/** HTTP methods, each once. */
export const methods: Shape<string[]> = mapped(
  list(methodName, { max: 9 }),
  (values): string[] => [...new Set<string>(values)].sort(),
  (values) => values as ReturnType<typeof methodName.read>[],
);

export const retry = object({
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
        'Longest wait before a retry, but for a Retry-After; twice the HTTPRoute’s `retry.backoff` where that is more.',
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
    'A Retry-After up to here is waited for; a longer one ends the retries.',
  ),
  replyLimitBytes: withDefault(
    'replyLimit',
    bytes({ max: 67_108_864 }),
    defaults.retryReplyLimitBytes,
    [
      'A reply that breaks off can be tried again until a part of it has been handed on. So where another attempt may follow',
      '(the route’s `retry`, attempts and budget left, a request that may be sent twice), replies are held until they are whole:',
      'with a Content-Length up to this limit; without one until so many bytes have come or `replyWait` is over.',
      'Not held: longer replies, `text/event-stream`, upgrades, replies that came whole with their head. 0 = none is held.',
    ].join(' '),
  ),
  replyWaitMs: withDefault(
    'replyWait',
    duration({ minMs: 1, maxMs: 60_000 }),
    defaults.retryReplyWaitMs,
    'A reply without a Content-Length is held for so long at most.',
  ),
  duringOutage: withDefault(
    'duringOutage',
    flag,
    defaults.retryDuringOutage,
    'Whether retries go on while hardly an attempt on any endpoint succeeds; then only the budget bounds them.',
  ),
});

export const hedging = object({
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
