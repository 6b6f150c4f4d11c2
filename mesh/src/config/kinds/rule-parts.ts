import { defaults } from '../defaults.ts';
import { duration, standardDuration, wholeNumber } from '../shapes/leaf-shapes.ts';
import { object, withDefault } from '../shapes/object-shape.ts';
import { list, ruled } from '../shapes/shape.ts';

/** `timeouts` of a rule. */
export const timeouts = ruled(
  object({
    requestMs: withDefault(
      'request',
      standardDuration,
      defaults.requestTimeoutMs,
      'All attempts together, to the last byte of the reply; 0s = none.',
    ),
    backendRequestMs: withDefault(
      'backendRequest',
      standardDuration,
      defaults.backendRequestTimeoutMs,
      'One attempt; 0s = none.',
    ),
  }),
  ({ requestMs, backendRequestMs }, at) => {
    if (requestMs > 0 && backendRequestMs > requestMs) at.fault(['backendRequest'], 'must not be longer than request');
  },
);

/** `retry` of a rule. */
export const retry = object({
  codes: withDefault(
    'codes',
    list(wholeNumber(400, 599), { max: 64 }),
    [...defaults.retryCodes],
    'Response codes to retry.',
  ),
  attempts: withDefault(
    'attempts',
    wholeNumber(0, 100),
    defaults.retryAttempts,
    'Retries after the first attempt; 0 = none.',
  ),
  backoffMs: withDefault(
    'backoff',
    duration({ minMs: 1, maxMs: 60_000 }),
    defaults.retryBackoffMs,
    'The shortest wait before a retry, before jitter.',
  ),
});
