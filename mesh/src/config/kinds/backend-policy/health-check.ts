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
      'Path of the GET request.',
    ),
    intervalMs: withDefault(
      'interval',
      duration({ minMs: 100, maxMs: hour }),
      defaults.healthCheckIntervalMs,
      'Time between checks of an endpoint.',
    ),
    timeoutMs: withDefault(
      'timeout',
      duration({ minMs: 1, maxMs: hour }),
      defaults.healthCheckTimeoutMs,
      'A check without a reply in this time fails.',
    ),
    healthyThreshold: withDefault(
      'healthyThreshold',
      wholeNumber(1, 100),
      defaults.healthCheckHealthyThreshold,
      'Successful checks in a row that make an endpoint healthy.',
    ),
    unhealthyThreshold: withDefault(
      'unhealthyThreshold',
      wholeNumber(1, 100),
      defaults.healthCheckUnhealthyThreshold,
      'Failed checks in a row that make an endpoint unhealthy.',
    ),
    expectedStatus: nested(
      'expectedStatus',
      object({
        from: withDefault('from', status, defaults.healthCheckStatusFrom, 'Lowest status of a successful check.'),
        to: withDefault('to', status, defaults.healthCheckStatusTo, 'Highest status of a successful check.'),
      }),
      'Statuses of a successful check.',
    ),
  }),
  ({ expectedStatus: { from, to } }, at) => {
    if (to < from) at.fault(['expectedStatus', 'to'], 'must not be less than from');
  },
);
