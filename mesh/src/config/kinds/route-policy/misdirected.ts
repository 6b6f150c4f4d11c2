import { defaults } from '../../defaults.ts';
import { bytes, duration } from '../../shapes/leaf-shapes.ts';
import { object, withDefault } from '../../shapes/object-shape.ts';

/** Routes a request again when its backend replies with 421. */
export const misdirected = object({
  timeoutMs: withDefault(
    'timeout',
    duration({ minMs: 1, maxMs: 600_000 }),
    defaults.misdirectedTimeoutMs,
    'A request that gets 421 for longer gets 503.',
  ),
  bodyLimitBytes: withDefault(
    'bodyLimit',
    bytes({ max: 67_108_864 }),
    defaults.misdirectedBodyLimitBytes,
    'A request with a longer body is not sent again, and gets 503.',
  ),
});
