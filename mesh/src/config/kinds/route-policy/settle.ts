import { defaults } from '../../defaults.ts';
import type { SettlePolicy } from '../../policy-model.ts';
import { duration, methodName, objectName, text, wholeNumber } from '../../shapes/leaf-shapes.ts';
import { nested, object, optional, required, withDefault } from '../../shapes/object-shape.ts';
import { list, mapped, type Shape } from '../../shapes/shape.ts';
import { pathMatch } from '../path-match.ts';
import { ownService } from '../references.ts';

const resources = list(
  text({
    says: 'the name of a resource: letters, digits, "-", "_" and "."',
    max: 63,
    fault: (value) => (/^[A-Za-z0-9._-]+$/.test(value) ? null : ''),
  }),
  { min: 1, max: 64 },
);

const after = object({
  timeoutMs: withDefault(
    'timeout',
    duration({ minMs: 1, maxMs: 60_000 }),
    defaults.settleAfterTimeoutMs,
    'A reply waits no longer than this, nor longer than the deadline of its request.',
  ),
  writesRule: withDefault(
    'writesRule',
    objectName,
    defaults.settleWritesRule,
    'Name of the rule whose weights say where writes go.',
  ),
  readRules: optional(
    'readRules',
    list(objectName, { min: 1, max: 16 }),
    'Names of the rules whose requests go where writes go while settling fails; absent = all others.',
  ),
});

const before = object({
  timeoutMs: withDefault(
    'timeout',
    duration({ minMs: 1, maxMs: 600_000 }),
    defaults.settleBeforeTimeoutMs,
    'A request that could not be settled by then gets 503.',
  ),
  retryAfterS: withDefault(
    'retryAfterSeconds',
    wholeNumber(0, 3600, 'seconds'),
    defaults.settleRetryAfterS,
    'Sent with that 503.',
  ),
  resources: optional('resources', resources, 'Absent = `settle.resources`.'),
  requests: required(
    'requests',
    list(
      object({
        method: optional('method', methodName, 'Absent = every method.'),
        path: nested('path', pathMatch, 'The path before any rewrite; absent = every path.'),
      }),
      { min: 1, max: 64 },
    ),
    'The requests that are settled first: all that one of these describes.',
  ),
});

/** As read: the default of `resources` is the name of the route. */
export type NamelessSettle = Omit<SettlePolicy, 'resources'> & { resources?: string[] };

/** Settles what the requests of a route change, or depend on, by asking another Service. */
export const settle: Shape<NamelessSettle> = mapped(
  object({
    service: required('service', object(ownService), 'Gets `POST /settle {"resources":[…]}`; 2xx = settled.'),
    resources: optional('resources', resources, 'What the route changes; absent = the name of the route.'),
    after: optional('after', after, 'Settles behind each unsafe request; absent = not.'),
    before: optional('before', before, 'Settles before some requests; absent = not.'),
  }),
  ({ service: { name: service, port }, ...rest }): NamelessSettle => ({ service, port, ...rest }),
  ({ service: name, port, ...rest }) => ({
    service: { group: '' as const, kind: 'Service' as const, name, port },
    ...rest,
  }),
);
