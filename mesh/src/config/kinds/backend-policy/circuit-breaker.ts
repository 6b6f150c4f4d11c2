import { defaults } from '../../defaults.ts';
import { duration, flag, number, percent, wholeNumber } from '../../shapes/leaf-shapes.ts';
import { nested, object, withDefault } from '../../shapes/object-shape.ts';
import { ruled } from '../../shapes/shape.ts';

const hour = 3_600_000;

const penalty = ruled(
  object({
    minMs: withDefault(
      'min',
      duration({ minMs: 1, maxMs: hour }),
      defaults.penaltyMinMs,
      'The first time for which an endpoint stays tripped.',
    ),
    maxMs: withDefault(
      'max',
      duration({ minMs: 1, maxMs: hour }),
      defaults.penaltyMaxMs,
      'The longest such time: each failed probe doubles it.',
    ),
    jitterRatio: withDefault(
      'jitterRatio',
      number({ min: 0, max: 100 }),
      defaults.penaltyJitterRatio,
      'Up to this share of the time is added at random.',
    ),
  }),
  ({ minMs, maxMs }, at) => {
    if (maxMs < minMs) at.fault(['max'], 'must not be shorter than min');
  },
);

export const circuitBreaker = object({
  enabled: withDefault('enabled', flag, defaults.circuitBreakerEnabled, 'False: no endpoint ever trips.'),
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
        'An endpoint trips below this success rate; 0 = off.',
      ),
      windowMs: withDefault(
        'window',
        duration({ minMs: 100, maxMs: hour }),
        defaults.successRateWindowMs,
        'Time over which the rate is measured.',
      ),
      minRequests: withDefault(
        'minRequests',
        wholeNumber(1, 1_000_000),
        defaults.successRateMinRequests,
        'Fewest requests in the window for the rate to count.',
      ),
    }),
    'Trips on the share of successes.',
  ),
  penalty: nested('penalty', penalty, 'How long an endpoint stays tripped before it is probed.'),
  maxEjectionPercent: withDefault(
    'maxEjectionPercent',
    percent,
    defaults.maxEjectionPercent,
    'Largest share of endpoints tripped at a time; with two or more endpoints, at least one may be.',
  ),
});
