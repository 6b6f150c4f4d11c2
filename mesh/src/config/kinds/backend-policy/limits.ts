import { defaults } from '../../defaults.ts';
import { duration, wholeNumber } from '../../shapes/leaf-shapes.ts';
import { object, withDefault } from '../../shapes/object-shape.ts';
import { mapped, ruled, type Shape } from '../../shapes/shape.ts';

const hour = 3_600_000;

export const limits = object({
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
    'Requests that wait; further ones get a 503.',
  ),
  queueTimeoutMs: withDefault(
    'queueTimeout',
    duration({ minMs: 1, maxMs: 60_000 }),
    defaults.queueTimeoutMs,
    'Longest wait for a place, and then for a connection; a longer one ends in a 503.',
  ),
  maxConnections: withDefault(
    'maxConnections',
    wholeNumber(1, 65_535),
    defaults.maxConnections,
    'TCP connections per endpoint; an endpoint with all of them in use is skipped while another has room.',
  ),
  retryAfterS: withDefault('retryAfter', secondsDuration(), defaults.retryAfterS, 'Retry-After of shed requests.'),
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
