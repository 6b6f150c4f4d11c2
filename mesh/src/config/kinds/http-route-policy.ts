import { defaults } from '../defaults.ts';
import type { FailoverPolicy, RateLimit } from '../model.ts';
import {
  bytes,
  cidr,
  duration,
  flag,
  headerName,
  number,
  objectName,
  oneOf,
  percent,
  wholeNumber,
} from '../shapes/leaf-shapes.ts';
import { nested, object, optional, partialFields, required, withDefault } from '../shapes/object-shape.ts';
import { list, mapped, ruled, type Shape } from '../shapes/shape.ts';
import { methods } from './backend-policy/retries.ts';
import { metadata } from './metadata.ts';
import { hasTargets, targetFields } from './policy-targets.ts';
import { gatewayGroup, ownService } from './references.ts';
import { misdirected } from './route-policy/misdirected.ts';
import { ruleDefaults } from './route-policy/rule-defaults.ts';
import { settle } from './route-policy/settle.ts';

const rateLimit: Shape<RateLimit> = ruled(
  object({
    requestsPerSecond: required(
      'requestsPerSecond',
      number({ min: 0.001, max: 1_000_000 }),
      'Sustained rate, per process.',
    ),
    burst: required('burst', wholeNumber(1, 10_000_000), 'Requests that may arrive at once.'),
    per: withDefault(
      'per',
      oneOf(['Route', 'Client']),
      defaults.rateLimitPer,
      'All requests of the route together, or each client by itself.',
    ),
    clientHeader: optional(
      'clientHeader',
      headerName,
      'per Client: the header that tells clients apart; absent = the peer’s address.',
    ),
  }),
  ({ per, clientHeader }, at) => {
    if (per === 'Route' && clientHeader !== undefined) at.fault(['clientHeader'], 'must be absent with per Route');
  },
);

const mirror = object({
  unsafeMethods: withDefault(
    'unsafeMethods',
    flag,
    defaults.mirrorUnsafeMethods,
    'Whether unsafe methods (POST, PUT …) are mirrored too.',
  ),
  bodyLimitBytes: withDefault(
    'bodyLimit',
    bytes({ max: 67_108_864 }),
    defaults.mirrorBodyLimitBytes,
    'Requests with a longer body are not mirrored.',
  ),
  timeoutMs: withDefault(
    'timeout',
    duration({ minMs: 1 }),
    defaults.mirrorTimeoutMs,
    'A mirrored request is abandoned after this.',
  ),
  maxInFlight: withDefault(
    'maxInFlight',
    wholeNumber(1, 100_000),
    defaults.mirrorMaxInFlight,
    'Mirrored requests in flight; more are dropped and counted.',
  ),
});

const failover: Shape<FailoverPolicy> = mapped(
  object({
    backendRef: required('backendRef', object(ownService), 'The Service that replies instead.'),
    methods: withDefault('methods', methods, [...defaults.failoverMethods], 'Methods of requests that may fail over.'),
    rules: optional('rules', list(objectName, { min: 1, max: 16 }), 'Names of rules of the route; absent = all.'),
  }),
  ({ backendRef: { name: service, port }, ...rest }): FailoverPolicy => ({ service, port, ...rest }),
  ({ service: name, port, ...rest }) => ({
    backendRef: { group: '' as const, kind: 'Service' as const, name, port },
    ...rest,
  }),
);

/** All fields but the targets: the part that the data plane uses. */
export const routePolicyFields = {
  rateLimits: withDefault(
    'rateLimits',
    list(rateLimit, { max: 8 }),
    [],
    'A request over any of these limits gets a 429.',
  ),
  bodyLimitBytes: withDefault(
    'bodyLimit',
    bytes({ max: 1_099_511_627_776 }),
    defaults.bodyLimitBytes,
    'Largest request body; a larger one gets a 413; 0 = no limit.',
  ),
  mirror: nested('mirror', mirror, 'Settings that RequestMirror does not have.'),
  override: nested(
    'override',
    object({
      allowFrom: withDefault(
        'allowFrom',
        list(cidr, { max: 64 }),
        [],
        'Peers that may choose the backend of a request; empty = none at the edge, all peers between services.',
      ),
    }),
    'The override header.',
  ),
  accessLog: nested(
    'accessLog',
    object({
      samplePercent: withDefault(
        'samplePercent',
        percent,
        defaults.accessLogSamplePercent,
        'Share of successful requests that are logged.',
      ),
      alwaysFailures: withDefault(
        'alwaysFailures',
        flag,
        defaults.accessLogAlwaysFailures,
        'Whether all failed requests are logged, whatever the sample.',
      ),
    }),
    'What is logged.',
  ),
  failover: optional(
    'failover',
    failover,
    'The Service that replies for a backend without a healthy endpoint; absent = none.',
  ),
  settle: optional(
    'settle',
    settle,
    'Asks a Service whether what requests change has arrived everywhere; absent = not.',
  ),
  misdirected: optional(
    'misdirected',
    misdirected,
    'Routes requests again whose backend replies with 421, by the weights in force then; absent = the client gets the 421.',
  ),
  ruleDefaults: optional(
    'ruleDefaults',
    ruleDefaults,
    'What the rules of the route have that they do not state themselves; absent = nothing.',
  ),
};

/** mesh.banyan.dev/v1alpha1 HTTPRoutePolicy. */
export const httpRoutePolicy = object(
  {
    metadata: required('metadata', metadata, ''),
    spec: required(
      'spec',
      ruled(
        object({ ...targetFields(gatewayGroup, ['HTTPRoute', 'Gateway']), ...partialFields(routePolicyFields) }),
        hasTargets,
      ),
      '',
    ),
  },
  { ignored: ['apiVersion', 'kind', 'status'] },
);
