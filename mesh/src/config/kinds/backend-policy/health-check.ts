import { defaults } from '../../defaults.ts';
import { duration, text, wholeNumber } from '../../shapes/leaf-shapes.ts';
import { nested, object, withDefault } from '../../shapes/object-shape.ts';
import { ruled } from '../../shapes/shape.ts';
import { pathFault } from '../path-rules.ts';

const hour = 3_600_000;

const status = wholeNumber(100, 599);
export const healthCheck = ruled(
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
