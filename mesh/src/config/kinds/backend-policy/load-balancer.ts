import { defaults } from '../../defaults.ts';
import type { ConsistentHash } from '../../model.ts';
import { cookieName, duration, number, oneOf, percent, text } from '../../shapes/leaf-shapes.ts';
import { nested, object, optional, required, withDefault } from '../../shapes/object-shape.ts';
import { mapped, ruled, type Shape } from '../../shapes/shape.ts';
import { pathFault } from '../path-rules.ts';

const hour = 3_600_000;

const consistentHash: Shape<ConsistentHash> = mapped(
  ruled(
    object({
      type: required(
        'type',
        oneOf(['Header', 'Cookie', 'Source']),
        'The part of the request that decides the endpoint.',
      ),
      name: optional('name', cookieName, 'Name of the header or cookie.'),
      ttlMs: withDefault(
        'ttl',
        duration({ maxMs: 24 * hour }),
        defaults.consistentHashCookieTtlMs,
        'Lifetime of the cookie; 0s = the browser session.',
      ),
      path: withDefault(
        'path',
        text({ says: 'a path', fault: (value) => pathFault(value) }),
        defaults.consistentHashCookiePath,
        'Path of the cookie.',
      ),
    }),
    ({ type, name }, at) => {
      if (type !== 'Source' && name === undefined) at.fault(['name'], `is required with type ${type}`);
      if (type === 'Source' && name !== undefined) at.fault(['name'], 'must be absent with type Source');
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
    'Time for which an endpoint counts as new; 0s = off.',
  ),
  aggression: withDefault(
    'aggression',
    number({ min: 0.1, max: 10 }),
    defaults.slowStartAggression,
    '1 = the share grows linearly.',
  ),
  minWeightPercent: withDefault(
    'minWeightPercent',
    percent,
    defaults.slowStartMinWeightPercent,
    'The share at the start.',
  ),
});

export const loadBalancer = ruled(
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
      }),
      'For algorithm EWMA.',
    ),
    consistentHash: optional('consistentHash', consistentHash, 'Required with algorithm ConsistentHash.'),
    failurePenaltyMs: withDefault(
      'failurePenalty',
      duration({ maxMs: 300_000 }),
      defaults.failurePenaltyMs,
      'Latency that a failure, 429 or 503 counts as; 0s = its real latency.',
    ),
    maxRetryAfterMs: withDefault(
      'maxRetryAfter',
      duration({ maxMs: hour }),
      defaults.failureMaxRetryAfterMs,
      'Longest Retry-After that is honored; a longer one counts as this.',
    ),
    slowStart: nested('slowStart', slowStart, 'Share of traffic of new endpoints.'),
    panicThresholdPercent: withDefault(
      'panicThresholdPercent',
      percent,
      defaults.panicThresholdPercent,
      'Below this share of usable endpoints, all are used; 0 = never.',
    ),
  }),
  ({ algorithm, consistentHash: hash }, at) => {
    if (at.hasFault(['algorithm'])) return;
    if (algorithm === 'ConsistentHash' && hash === undefined)
      at.fault(['consistentHash'], 'is required with algorithm ConsistentHash');
    if (algorithm !== 'ConsistentHash' && hash !== undefined) {
      at.fault(['consistentHash'], `must be absent with algorithm ${algorithm}`);
    }
  },
);
