import { defaults } from '../../defaults.ts';
import { duration, flag, wholeNumber } from '../../shapes/leaf-shapes.ts';
import { object, optional, withDefault } from '../../shapes/object-shape.ts';

const hour = 3_600_000;

export const timeouts = object({
  connectMs: withDefault(
    'connect',
    duration({ minMs: 1, maxMs: 60_000 }),
    defaults.connectTimeoutMs,
    'Time to open a connection.',
  ),
  idleMs: withDefault(
    'idle',
    duration(),
    defaults.idleTimeoutMs,
    'A request ends after this time without a byte from the upstream; 0s = no limit.',
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
    'Time after which an externalName is resolved again.',
  ),
  respectDnsTtl: withDefault(
    'respectDnsTtl',
    flag,
    defaults.respectDnsTtl,
    'Query the name servers directly, and again when the TTL of their records ends (1s to 1h).',
  ),
  lease: optional(
    'lease',
    object({
      ttlMs: withDefault(
        'ttl',
        duration({ minMs: 1000, maxMs: hour }),
        defaults.leaseTtlMs,
        'A lease expires after this time without a renewal.',
      ),
      maxEndpoints: withDefault(
        'maxEndpoints',
        wholeNumber(1, 10_000),
        defaults.leaseMaxEndpoints,
        'Leases of the service; further ones are refused.',
      ),
    }),
    'Present: instances may register themselves.',
  ),
  drainMs: withDefault(
    'drain',
    duration({ maxMs: hour }),
    defaults.drainMs,
    'Time that a leaving endpoint has to finish its requests.',
  ),
});
