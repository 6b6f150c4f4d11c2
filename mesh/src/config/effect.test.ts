import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Kind, kinds } from './kinds/kinds.ts';
import { parseConfig } from './parse.ts';
import type { FieldDescription, Inside } from './shapes/shape.ts';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type Mapping = { [key: string]: Json };
type Step = string | number;

const gateway: Mapping = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'edge' },
  spec: {
    gatewayClassName: 'x',
    addresses: [{ type: 'IPAddress', value: '127.0.0.1' }],
    listeners: [{ name: 'http', hostname: '*.example', port: 8080, protocol: 'HTTP' }],
  },
};
const web: Mapping = { name: 'web', port: 80, targetPort: 8000, protocol: 'TCP', appProtocol: 'http' };
const service: Mapping = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'shop', labels: { tier: 'own' } },
  spec: { type: 'ClusterIP', ports: [web], sessionAffinity: 'ClientIP' },
};
const external: Mapping = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'other' },
  spec: { type: 'ExternalName', externalName: 'other.internal', ports: [{ port: 80 }] },
};
const slice: Mapping = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    name: 'shop-1',
    labels: { 'kubernetes.io/service-name': 'shop' },
    annotations: { 'mesh.banyan.dev/weight': '2' },
  },
  addressType: 'IPv4',
  endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }],
  ports: [{ name: 'web', port: 8000, protocol: 'TCP' }],
};
const value = { name: 'x-a', value: '1' };
const modifier: Mapping = { set: [value], add: [{ name: 'x-b', value: '2' }], remove: ['x-c'] };
const fullPath: Mapping = { type: 'ReplaceFullPath', replaceFullPath: '/new' };
const prefix: Mapping = { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new' };
const backend: Mapping = { group: '', kind: 'Service', name: 'shop', namespace: 'default', port: 80 };
const rule = (...filters: Mapping[]): Mapping => ({
  name: 'one',
  matches: [
    {
      path: { type: 'PathPrefix', value: '/a' },
      headers: [{ type: 'Exact', ...value }],
      queryParams: [{ type: 'Exact', ...value }],
      method: 'GET',
    },
  ],
  filters,
  ...(filters[0]?.type === 'RequestRedirect'
    ? {}
    : {
        backendRefs: [
          { ...backend, weight: 3, filters: [{ type: 'RequestHeaderModifier', requestHeaderModifier: modifier }] },
        ],
      }),
  timeouts: { request: '10s', backendRequest: '1s' },
  retry: { codes: [503], attempts: 1, backoff: '1s' },
  sessionPersistence: { sessionName: 'a', absoluteTimeout: '1h', idleTimeout: '1m', cookieConfig: {} },
});
const parent: Mapping = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge', namespace: 'default' };
const route = (...filters: Mapping[]): Mapping => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'shop', creationTimestamp: '2026-01-31T12:00:00Z' },
  spec: {
    parentRefs: [{ ...parent, sectionName: 'http', port: 8080 }],
    hostnames: ['shop.example'],
    rules: [rule(...filters)],
  },
});
const backendPolicy = (spec: Mapping): Mapping => ({
  apiVersion: 'mesh.banyan.dev/v1alpha1',
  kind: 'BackendTrafficPolicy',
  metadata: { name: 'shop' },
  spec: { targetRefs: [{ group: '', kind: 'Service', name: 'shop', namespace: 'default' }], ...spec },
});
const routePolicy: Mapping = {
  apiVersion: 'mesh.banyan.dev/v1alpha1',
  kind: 'HTTPRoutePolicy',
  metadata: { name: 'shop' },
  spec: {
    targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop', namespace: 'default' }],
    rateLimits: [{ requestsPerSecond: 1, burst: 1, per: 'Client', clientHeader: 'x-a' }],
    override: { allowFrom: ['10.0.0.0/8'] },
    failover: { backendRef: { group: '', kind: 'Service', name: 'shop', port: 80 }, methods: ['GET'], rules: ['one'] },
    settle: {
      service: { group: '', kind: 'Service', name: 'shop', port: 80 },
      resources: ['shop'],
      after: { readRules: ['one'] },
      before: { resources: ['other-things'], requests: [{ method: 'POST', path: { type: 'Exact', value: '/a' } }] },
    },
    misdirected: {},
    ruleDefaults: { timeouts: { request: '10s' }, retry: {} },
  },
};
/** The target by labels that is also there. */
const selecting = (policy: Mapping, group: string, kind: string): Mapping => ({
  ...policy,
  spec: { targetSelectors: [{ group, kind, matchLabels: { tier: 'own' } }], ...withoutTargets(policy.spec as Mapping) },
});
const withoutTargets = ({ targetRefs: _targets, ...spec }: Mapping): Mapping => spec;
const bareRoute: Mapping = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'shop', labels: { tier: 'own' } },
  spec: {},
};
const hashed = (consistentHash: Mapping): Mapping =>
  backendPolicy({ loadBalancer: { algorithm: 'ConsistentHash', consistentHash } });

/** Documents that together have every field. */
const bases: readonly Mapping[] = [
  gateway,
  service,
  external,
  slice,
  route(),
  route({ type: 'RequestHeaderModifier', requestHeaderModifier: modifier }),
  route({ type: 'ResponseHeaderModifier', responseHeaderModifier: modifier }),
  route({
    type: 'RequestRedirect',
    requestRedirect: { scheme: 'https', hostname: 'a.example', path: fullPath, port: 1 },
  }),
  route({ type: 'RequestRedirect', requestRedirect: { statusCode: 301, path: prefix } }),
  route({ type: 'URLRewrite', urlRewrite: { hostname: 'a.example', path: fullPath } }),
  route({ type: 'URLRewrite', urlRewrite: { path: prefix } }),
  route({ type: 'RequestMirror', requestMirror: { backendRef: backend, percent: 5 } }),
  route({ type: 'RequestMirror', requestMirror: { backendRef: backend, fraction: { numerator: 1, denominator: 7 } } }),
  route({
    type: 'CORS',
    cors: { allowOrigins: ['https://a.example'], allowMethods: ['PUT'], allowHeaders: ['x-a'], exposeHeaders: ['x-a'] },
  }),
  backendPolicy({
    healthCheck: {},
    hedging: {},
    discovery: { lease: {} },
    sessionPersistence: { absoluteTimeout: '1h' },
  }),
  hashed({ type: 'Header', name: 'x-a' }),
  hashed({ type: 'Cookie', name: 'a', ttl: '1h', path: '/a' }),
  routePolicy,
  selecting(backendPolicy({ limits: { maxInFlight: 7 } }), '', 'Service'),
  selecting(routePolicy, 'gateway.networking.k8s.io', 'HTTPRoute'),
  {
    ...routePolicy,
    spec: { ...(routePolicy.spec as Mapping), rateLimits: [{ requestsPerSecond: 1, burst: 1, per: 'Client' }] },
  },
];
const kindOf = (document: Mapping): Kind => document.kind as Kind;

/** Values that a field may take, by its description in the reference. */
function candidatesFor(says: string): Json[] {
  if (says === 'true or false') return [true, false];
  const names = /(?:^|each )one of ([^;]+?)(?:, or .*)?$/.exec(says)?.[1]?.split(', ');
  if (names !== undefined) return names.map((name) => (/^[0-9]+$/.test(name) ? Number(name) : name));
  if (says.includes('a duration')) return ['3s', '1m', '2h', '200ms'];
  if (says.includes('a size in bytes')) return ['1Ki'];
  if (says === 'a mapping of texts') return [{ tier: 'other' }];
  const [, min, max] = /number.*?, (-?[0-9.]+) to ([0-9.]+)/.exec(says) ?? [];
  if (min !== undefined) return [Number(min), Number(max), Math.min(Number(max), Number(min) + 1)];
  return texts;
}

const texts: readonly Json[] & Json[] = [
  'other',
  'x-z',
  '/x',
  'b.example',
  '10.0.0.9',
  'https://b.example',
  'h2c',
  'HTTPS',
  '2025-01-01T00:00:00Z',
  '8080',
  '*',
];

/** The subject of a document of a kind, and the documents that it needs. */
const beside: Readonly<Record<Kind, readonly Mapping[]>> = {
  Gateway: [],
  Service: [slice],
  EndpointSlice: [service],
  HTTPRoute: [gateway, service],
  BackendTrafficPolicy: [service],
  HTTPRoutePolicy: [bareRoute],
};

function digestWith(document: Mapping): string | null {
  const items = [...beside[kindOf(document)], document] as Json[];
  const result = parseConfig([{ name: 'x', text: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) }], {});
  return result.ok ? result.digest : null;
}

/** `document` with `replacement` at `path`; undefined if the path does not exist. Null removes the value. */
function withValue(document: Json, [step, ...rest]: readonly Step[], replacement: Json): Json | undefined {
  if (step === undefined) return replacement;
  if (Array.isArray(document)) {
    const inner = document[Number(step)];
    const changed = inner === undefined ? undefined : withValue(inner, rest, replacement);
    return changed === undefined ? undefined : [changed];
  }
  if (typeof document !== 'object' || document === null) return undefined;
  // Mappings with defaults may be absent; filters and matches may not.
  const nested = rest.length > 0 && typeof rest[0] === 'string' && !mayBeAbsent.has(String(step));
  const inner = document[step] ?? (rest.length === 0 ? null : nested ? {} : undefined);
  const changed = inner === undefined ? undefined : withValue(inner, rest, replacement);
  return changed === undefined ? undefined : { ...document, [step]: changed };
}

/** Mappings that a base has only if its type requires them. */
const mayBeAbsent: ReadonlySet<string> = new Set([
  'requestHeaderModifier',
  'responseHeaderModifier',
  'requestRedirect',
  'urlRewrite',
  'requestMirror',
  'cors',
  'path',
  'fraction',
  'consistentHash',
  'healthCheck',
  'hedging',
  'lease',
  'sessionPersistence',
]);

const digests = new Map<Mapping, string | null>();

function digestOfBase(document: Mapping): string | null {
  const known = digests.get(document) ?? digestWith(document);
  digests.set(document, known);
  return known;
}

interface Leaf {
  path: Step[];
  /** Whether it is a list of plain values. */
  listed: boolean;
  says: string;
}

/** Every field of a kind that holds a plain value or a list of them; 0 for the first of a list. */
function leavesOf(inside: Inside | undefined, steps: readonly Step[] = []): Leaf[] {
  if (inside === undefined) return [];
  if ('item' in inside) return leavesOf(inside.item.inside, [...steps, 0]);
  return Object.values(inside.fields).flatMap(({ key, says, inside: inner }: FieldDescription): Leaf[] => {
    const path = [...steps, key];
    // Filters of a backendRef, and those that rules inherit, are read as those of a rule.
    if (path[0] === 'metadata' || /(backendRefs\.0|ruleDefaults)\.filters$/.test(path.join('.'))) return [];
    if (inner === undefined) return [{ path, listed: false, says }];
    if ('item' in inner && inner.item.inside === undefined) return [{ path, listed: true, says }];
    return leavesOf(inner, path);
  });
}

const nameOf = (kind: string, { path }: Leaf): string => `${kind} ${path.join('.')}`;

/** Fields that have no effect when only they change, each with the reason. */
const excused: Readonly<Record<string, string>> = {
  'Gateway spec.addresses.0.type': 'takes one value only',
  'Service spec.type': 'depends on externalName: only ExternalName has one',
  'EndpointSlice addressType': 'goes with the addresses: of another type they are refused',
  'HTTPRoute spec.rules.0.filters.0.type': 'goes with the field of the filter',
  'HTTPRoute spec.rules.0.filters.0.requestRedirect.path.type': 'goes with the field of the path',
  'HTTPRoute spec.rules.0.filters.0.urlRewrite.path.type': 'goes with the field of the path',
  'BackendTrafficPolicy spec.targetRefs.0.group': 'takes one value only',
  'BackendTrafficPolicy spec.targetRefs.0.kind': 'takes one value only',
  'BackendTrafficPolicy spec.targetSelectors.0.group': 'takes one value only',
  'BackendTrafficPolicy spec.targetSelectors.0.kind': 'takes one value only',
  'HTTPRoutePolicy spec.targetRefs.0.group': 'takes one value only',
  'HTTPRoutePolicy spec.targetSelectors.0.group': 'takes one value only',
  'HTTPRoutePolicy spec.targetSelectors.0.kind': 'takes one value only',
  'HTTPRoutePolicy spec.failover.backendRef.group': 'takes one value only',
  'HTTPRoutePolicy spec.failover.backendRef.kind': 'takes one value only',
  'HTTPRoutePolicy spec.settle.service.group': 'takes one value only',
  'HTTPRoutePolicy spec.settle.service.kind': 'takes one value only',
};

function hasEffect(kind: Kind, { path, listed, says }: Leaf): boolean {
  for (const document of bases) {
    if (kindOf(document) !== kind || withValue(document, path, 0) === undefined) continue;
    const before = digestOfBase(document);
    assert.notEqual(before, null, JSON.stringify(document));
    for (const candidate of candidatesFor(says)) {
      const changed = withValue(document, path, listed ? [candidate] : candidate);
      const after = changed === undefined ? null : digestWith(changed as Mapping);
      if (after !== null && after !== before) return true;
    }
  }
  return false;
}

describe('every field of the reference', () => {
  const known: string[] = [];
  for (const [kind, { shape }] of Object.entries(kinds)) {
    test(`${kind}: changes the configuration`, () => {
      const leaves = leavesOf(shape.inside);
      known.push(...leaves.map((leaf) => nameOf(kind, leaf)));
      const idle = leaves.filter((leaf) => !hasEffect(kind as Kind, leaf)).map((leaf) => nameOf(kind, leaf));
      assert.deepEqual(
        idle,
        Object.keys(excused).filter((name) => name.startsWith(`${kind} `)),
      );
    });
  }

  test('is excused only where it exists', () => {
    assert.deepEqual(
      Object.keys(excused).filter((name) => !known.includes(name)),
      [],
    );
  });
});
