import { defaults } from '../../defaults.ts';
import { duration, flag, wholeNumber } from '../../shapes/leaf-shapes.ts';
import { object, optional, withDefault } from '../../shapes/object-shape.ts';

const hour = 3_600_000;

export const timeouts = object({
  connectMs: withDefault(
    'connect',
    duration({ minMs: 1, maxMs: 60_000 }),
    defaults.connectTimeoutMs,
    'To open a connection.',
  ),
  idleMs: withDefault(
    'idle',
    duration(),
    defaults.idleTimeoutMs,
    'No byte from the upstream for so long ends the request; 0s = none.',
  ),
  keepAliveMs: withDefault(
    'keepAlive',
    duration({ minMs: 1, maxMs: hour }),
    defaults.keepAliveMs,
    'An unused connection is closed after this.',
  ),
});

export const discovery = object({
  dnsTtlMs: withDefault(
    'dnsTtl',
    duration({ minMs: 100, maxMs: hour }),
    defaults.dnsTtlMs,
    'An externalName is resolved again after this.',
  ),
  respectDnsTtl: withDefault(
    'respectDnsTtl',
    flag,
    defaults.respectDnsTtl,
    'Ask the name servers themselves, and again when the time that their records say is over (1s to 1h).',
  ),
  lease: optional(
    'lease',
    object({
      ttlMs: withDefault(
        'ttl',
        duration({ minMs: 1000, maxMs: hour }),
        defaults.leaseTtlMs,
        'A lease not renewed for so long expires.',
      ),
      maxEndpoints: withDefault(
        'maxEndpoints',
        wholeNumber(1, 10_000),
        defaults.leaseMaxEndpoints,
        'More are refused.',
      ),
    }),
    'Present: instances may register themselves.',
  ),
  drainMs: withDefault(
    'drain',
    duration({ maxMs: hour }),
    defaults.drainMs,
    'An endpoint that leaves has so long to finish what it has.',
  ),
});
