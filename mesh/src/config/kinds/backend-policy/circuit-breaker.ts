import { defaults } from '../../defaults.ts';
import { duration, flag, number, percent, wholeNumber } from '../../shapes/leaf-shapes.ts';
import { nested, object, withDefault } from '../../shapes/object-shape.ts';
import { ruled } from '../../shapes/shape.ts';

const hour = 3_600_000;

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

export const circuitBreaker = object({
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
