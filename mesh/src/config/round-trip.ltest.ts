import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { formatFault } from './fault.ts';
import { framing } from './kinds/header-modifier.ts';
import type { MeshConfig } from './model.ts';
import { parseConfig } from './parse.ts';
import { diffConfigs } from './writing/diff.ts';
import { digestOf } from './writing/digest.ts';
import { serialize } from './writing/serialize.ts';

type Doc = Record<string, unknown>;

/** Some of the keys, each with one of its values. */
const some = (fields: Record<string, fc.Arbitrary<unknown>>) => fc.record(fields, { requiredKeys: [] });
const duration = fc.constantFrom('1s', '1500ms', '59s', '20s');
const percent = fc.nat(100);
const word = fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$/);
/** A field that filters and matches may name. Those that frame a message are refused; `te` is one of them. */
const fieldName = word.filter((name) => !framing.has(name));
const header = fc
  .record({ name: fieldName, value: fc.constantFrom('x', 'a b', '${$', 'é', '1') })
  .map(({ name, value }) => ({ name, value: value === '${$' ? '$${' : value }));

const backendPolicySpec = some({
  loadBalancer: some({
    ewma: some({ decay: duration }),
    failurePenalty: duration,
    slowStart: some({ window: duration, aggression: fc.constantFrom(0.5, 2), minWeightPercent: percent }),
    panicThresholdPercent: percent,
  }),
  circuitBreaker: some({
    enabled: fc.boolean(),
    consecutiveFailures: percent,
    penalty: some({ min: fc.constant('2ms'), jitterRatio: fc.constant(1) }),
  }),
  limits: some({
    maxInFlight: fc.integer({ min: 1, max: 9999 }),
    maxQueued: percent,
    retryAfter: fc.constantFrom('1s', '90s'),
  }),
  retryBudget: some({ percent, ttl: fc.constant('30s') }),
  retry: some({
    methods: fc.subarray(['GET', 'POST', 'PUT', 'PATCH']),
    bodyLimit: fc.constantFrom(0, 1, '64Ki', 1000),
    backoff: some({ jitter: fc.constantFrom('Full', 'Decorrelated') }),
  }),
  healthCheck: some({ path: fc.constant('/up'), expectedStatus: some({ from: fc.constant(100) }) }),
  hedging: some({ percentile: fc.constantFrom(50, 99.9) }),
  timeouts: some({ connect: duration, idle: fc.constantFrom('0s', '5s') }),
  discovery: some({ lease: some({ ttl: duration }), drain: duration }),
  sessionPersistence: some({ type: fc.constantFrom('Cookie', 'Header'), sessionName: word, idleTimeout: duration }),
});

const routePolicySpec = some({
  rateLimits: fc.array(
    fc.record({ requestsPerSecond: fc.constantFrom(0.5, 10), burst: fc.constant(3), per: fc.constant('Client') }),
    { maxLength: 2 },
  ),
  bodyLimit: fc.constantFrom('1Mi', 77),
  mirror: some({ unsafeMethods: fc.boolean(), timeout: duration }),
  failover: fc.record({
    backendRef: fc.constant({ name: 'shop', port: 80 }),
    methods: fc.subarray(['GET', 'HEAD', 'POST']),
  }),
  override: some({ allowFrom: fc.subarray(['127.0.0.1', '10.0.0.0/8', '::1']) }),
  accessLog: some({ samplePercent: percent }),
});

const modifier = fc.record({
  type: fc.constant('RequestHeaderModifier'),
  requestHeaderModifier: fc.uniqueArray(header, { maxLength: 3, selector: ({ name }) => name }).map((set) => ({ set })),
});
const mirror = fc.record({
  type: fc.constant('RequestMirror'),
  requestMirror: fc.oneof(
    fc.record({ backendRef: fc.constant({ name: 'one', port: 80 }), percent }),
    fc.record({
      backendRef: fc.constant({ name: 'two', port: 80 }),
      fraction: fc.constant({ numerator: 3, denominator: 7 }),
    }),
    fc.record({ backendRef: fc.constant({ name: 'two', port: 80 }) }),
  ),
});
const rewrite = fc.constant({
  type: 'URLRewrite',
  urlRewrite: { path: { type: 'ReplaceFullPath', replaceFullPath: '/new' } },
});
const filters = fc
  .tuple(fc.subarray([0, 1, 2]), modifier, mirror, rewrite)
  .map(([which, ...all]) => which.map((index) => all[index]));

const ruleDefaults = some({
  timeouts: some({ request: fc.constantFrom('0s', '20m') }),
  retry: some({ attempts: percent, backoff: duration }),
  filters: modifier.map((filter) => [filter]),
});
const tier = { group: '', kind: 'Service', matchLabels: { tier: 'own' } };
const gateway = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' };

const match = some({
  path: fc.oneof(
    fc.record({ type: fc.constantFrom('Exact', 'PathPrefix'), value: fc.constantFrom('/', '/a', '/a/b/', '/%C3%A9') }),
    fc.constant({ type: 'RegularExpression', value: '/[a-z]{2}/.*' }),
  ),
  method: fc.constantFrom('GET', 'POST'),
  headers: fc.uniqueArray(header, { maxLength: 2, selector: ({ name }) => name }),
  queryParams: fc.uniqueArray(header, { maxLength: 2, selector: ({ name }) => name }),
});

/** Unresolved backends. */
const dead = fc.subarray([
  { name: 'gone', port: 80, weight: 3 },
  { name: 'one', port: 8080 },
  { name: 'one', port: 80, namespace: 'elsewhere' },
  { group: 'storage.example', kind: 'Bucket', name: 'assets.v2' },
]);

const rule = some({
  matches: fc.array(match, { maxLength: 3 }),
  filters,
  timeouts: some({ request: fc.constantFrom('0s', '10m'), backendRequest: duration }),
  retry: some({
    codes: fc.array(fc.integer({ min: 400, max: 599 }), { maxLength: 4 }),
    attempts: percent,
    backoff: duration,
  }),
  sessionPersistence: some({ type: fc.constantFrom('Cookie', 'Header'), sessionName: word }),
  backendRefs: fc
    .tuple(percent, percent, filters, dead)
    .map(([one, two, inner, three]) => [
      { name: 'one', port: 80, weight: one, filters: inner },
      { name: 'two', port: 80, weight: two },
      ...three,
    ]),
});

const route = fc.record({
  // A Gateway is named either as a whole or by a listener.
  parents: fc.constantFrom([], [0], [1], [2], [0, 2], [1, 2]),
  hostnames: fc.subarray(['a.example', '*.b.example']),
  rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
});
const parentRefs = [
  { name: 'edge' },
  { name: 'edge', sectionName: 'http', port: 8080 },
  { group: '', kind: 'Service', name: 'one', port: 80 },
];

const endpoint = fc.record({ address: fc.nat(5), ready: fc.boolean(), weight: fc.constantFrom('1', '5') });

const standard = (kind: string, name: string, spec: unknown): Doc => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind,
  metadata: { name },
  spec,
});
const own = (kind: string, name: string, targetRefs: Doc[], spec: object): Doc => ({
  apiVersion: 'mesh.banyan.dev/v1alpha1',
  kind,
  metadata: { name },
  spec: { targetRefs, ...spec },
});
const service = (name: string, spec: object): Doc => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, labels: { tier: 'own' } },
  spec,
});

/** Policies that are merged under those that name an object. */
const general = fc
  .record({ backend: fc.option(backendPolicySpec), route: fc.option(routePolicySpec), rules: fc.option(ruleDefaults) })
  .map(({ backend, route: ofGateway, rules }): Doc[] => [
    ...(backend === null
      ? []
      : [{ ...own('BackendTrafficPolicy', 'labels', [], {}), spec: { targetSelectors: [tier], ...backend } }]),
    ...(ofGateway === null
      ? []
      : [
          own('HTTPRoutePolicy', 'gateway', [gateway], {
            ...ofGateway,
            ...(rules === null ? {} : { ruleDefaults: rules }),
          }),
        ]),
  ]);

/** Documents without a fault. */
const documents: fc.Arbitrary<Doc[]> = fc
  .record({
    routes: fc.uniqueArray(fc.tuple(word, route), { maxLength: 3, selector: ([name]) => name }),
    backendPolicy: fc.option(fc.tuple(fc.boolean(), backendPolicySpec)),
    routePolicy: fc.option(routePolicySpec),
    inherited: general,
    endpoints: fc.uniqueArray(endpoint, { maxLength: 4, selector: ({ address }) => address }),
  })
  .map(({ routes, backendPolicy, routePolicy, inherited, endpoints }) => {
    const target = (kind: string, group: string) => (name: string) => ({ group, kind, name });
    return [
      standard('Gateway', 'edge', {
        gatewayClassName: 'x',
        listeners: [{ name: 'http', port: 8080, protocol: 'HTTP' }],
      }),
      service('one', {
        ports: [
          { name: 'web', port: 80, targetPort: 8000 },
          { name: 'more', port: 81 },
        ],
      }),
      service('two', {
        type: 'ExternalName',
        externalName: 'two.internal',
        ports: [{ port: 80 }],
        sessionAffinity: 'ClientIP',
      }),
      ...endpoints.map(({ address, ready, weight }, index) => ({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          name: `slice-${index}`,
          labels: { 'kubernetes.io/service-name': 'one' },
          annotations: { 'mesh.banyan.dev/weight': weight },
        },
        addressType: 'IPv4',
        endpoints: [{ addresses: [`10.0.0.${address}`], conditions: { ready }, zone: 'z' }],
        ports: [{ name: 'web', port: 8000 }],
      })),
      ...routes.map(([name, { parents, ...spec }]) =>
        standard('HTTPRoute', name, { ...spec, parentRefs: parents.map((index) => parentRefs[index]) }),
      ),
      ...inherited,
      ...(backendPolicy === null
        ? []
        : [
            own(
              'BackendTrafficPolicy',
              'p',
              (backendPolicy[0] ? ['one', 'two'] : ['two']).map(target('Service', '')),
              backendPolicy[1],
            ),
          ]),
      ...(routePolicy === null || routes.length === 0
        ? []
        : [
            own(
              'HTTPRoutePolicy',
              'q',
              routes.map(([name]) => name).map(target('HTTPRoute', 'gateway.networking.k8s.io')),
              routePolicy,
            ),
          ]),
    ];
  });

function parse(text: string): MeshConfig {
  const result = parseConfig([{ name: 'x', text }], {});
  assert.ok(result.ok, result.ok ? '' : result.faults.map(formatFault).join('\n'));
  assert.equal(result.digest, digestOf(result.config));
  return result.config;
}

const inYaml = (docs: readonly Doc[]): string => docs.map((doc) => stringify(doc)).join('---\n');

/** The same data with the keys of every mapping in the opposite order. */
function reversedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversedKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversedKeys(inner)]),
  );
}

describe('a configuration', () => {
  test('reads the same after it is written back', () => {
    fc.assert(
      fc.property(documents, (docs) => {
        const config = parse(inYaml(docs));
        const again = parse(serialize(config));
        assert.deepEqual(again, config);
        assert.deepEqual(diffConfigs(config, again), []);
      }),
      { numRuns: 100 },
    );
  });

  test('does not depend on the order of documents or keys', () => {
    const shuffled = documents.chain((docs) =>
      fc.tuple(fc.constant(docs), fc.shuffledSubarray(docs, { minLength: docs.length })),
    );
    fc.assert(
      fc.property(shuffled, ([docs, mixed]) => {
        const config = parse(inYaml(docs));
        const other = parse(inYaml(mixed.map((doc) => reversedKeys(doc) as Doc)));
        assert.deepEqual(other, config);
        // Not only equal: written the same, for a caller that hashes the text without sorting keys.
        assert.equal(JSON.stringify(other), JSON.stringify(config));
      }),
      { numRuns: 100 },
    );
  });

  test('has another digest if one value differs', () => {
    const base =
      'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: ExternalName, externalName: HOST, ports: [{port: 80}]}';
    assert.notEqual(digestOf(parse(base.replace('HOST', 'a'))), digestOf(parse(base.replace('HOST', 'b'))));
  });
});
