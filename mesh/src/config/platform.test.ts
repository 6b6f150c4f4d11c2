import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { mayOverride } from '../layers/override.ts';
import { readSettings } from '../settings.ts';
import { loadConfig } from './parse.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** Those that `mesh run` reads in this repository. */
const paths = readSettings({}).settings.documents.map((path) => `${root}${path}`);

test('the platform’s own documents use every feature of routing', async () => {
  const result = await loadConfig(paths, {});
  assert.ok(result.ok);
  assert.deepEqual(result.warnings, []);
  const { routes, services } = result.config;
  const rules = routes.flatMap((route) => route.rules);
  const filters = rules.flatMap((rule) => rule.filters);
  assert.deepEqual([...new Set(filters.map(({ type }) => type))].sort(), [
    'CORS',
    'RequestHeaderModifier',
    'RequestMirror',
    'RequestRedirect',
    'ResponseHeaderModifier',
    'URLRewrite',
  ]);
  const features = {
    'a split': rules.some(({ backendRefs }) => backendRefs.length > 1),
    'a session': rules.some(({ sessionPersistence }) => sessionPersistence !== undefined),
    'a mirror that gets something': filters.some(
      (filter) => filter.type === 'RequestMirror' && filter.mirror.numerator > 0,
    ),
    'a rule by header': rules.some(({ matches }) => matches.some(({ headers }) => headers.length > 0)),
    'an override': routes.some(({ policy }) => policy.override.allowFrom.length > 0),
    'a timeout': rules.some(({ timeouts }) => timeouts.requestMs > 0 && timeouts.backendRequestMs > 0),
    'a retry': rules.some(({ retry }) => retry !== undefined),
    'a failover': routes.some(({ policy, rules: [first] }) => policy.failover?.rules?.includes(first?.name ?? '')),
    'a rate limit': routes.some(({ policy }) => policy.rateLimits.length > 0),
    'a route between services': routes.some(({ parents }) => parents.some(({ kind }) => kind === 'Service')),
    'a health check': services.some(({ policy }) => policy.healthCheck !== undefined),
    'a hedge': services.some(({ policy }) => policy.hedging !== undefined),
  };
  assert.deepEqual(
    Object.entries(features).filter(([, used]) => !used),
    [],
  );
});

test('the platform lets no client override services unless OVERRIDE_FROM says from where', async () => {
  const allowed = async (variables: Record<string, string>, address: string) => {
    const result = await loadConfig(paths, variables);
    assert.ok(result.ok);
    const lists = result.config.routes.map(({ policy }) => policy.override.allowFrom);
    return lists.some((allowFrom) => mayOverride('north-south', allowFrom, address));
  };
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.0.0.1', '203.0.113.5']) {
    assert.equal(await allowed({}, address), false, address);
  }
  assert.equal(await allowed({ OVERRIDE_FROM: '127.0.0.1' }, '127.0.0.1'), true);
});

test('the platform’s failover covers reads of the weighted route; the operator can add token requests', async () => {
  for (const [env, methods] of [
    [{}, ['GET', 'HEAD', 'OPTIONS']],
    [{ TOKEN_FAILOVER_METHOD: 'POST' }, ['GET', 'HEAD', 'POST']],
  ] as const) {
    const result = await loadConfig(paths, env);
    assert.ok(result.ok);
    const { routes } = result.config;
    const named = (name: string) => routes.find((route) => route.name === name);
    assert.deepEqual(named('token')?.policy.failover?.methods, methods);
    assert.deepEqual(
      named('token')?.policy.failover?.rules,
      named('token')?.rules.map(({ name }) => name),
    );
    assert.ok(named('token-dark')?.rules.every(({ name }) => name === undefined));
  }
});

test('every service that has left the monolith, and every route of a resource, has the defaults of the platform', async () => {
  const result = await loadConfig(paths, {});
  assert.ok(result.ok);
  const { policies } = result;
  const inherits = (kind: string, name: string, policy: string) =>
    policies.some(
      (source) =>
        source.kind === kind && source.name === name && source.layers.some((layer) => layer.policy === policy),
    );
  const own = result.config.services.filter(({ externalName }) => externalName === undefined);
  assert.ok(own.length > 0);
  for (const { name, policy } of own) {
    assert.ok(inherits('Service', name, 'BackendTrafficPolicy/services'), name);
    assert.ok(policy.healthCheck !== undefined && policy.discovery.lease !== undefined, name);
  }
  const moving = result.config.routes.filter(({ rules }) => {
    const names = rules.map((rule) => rule.name);
    return names.includes('reads') && names.includes('writes');
  });
  assert.ok(moving.length > 0);
  for (const { name, policy } of moving) {
    assert.ok(inherits('HTTPRoute', name, 'HTTPRoutePolicy/resources'), name);
    assert.deepEqual([policy.settle?.resources, policy.failover?.rules], [[name], ['reads']]);
    assert.ok(policy.misdirected !== undefined, name);
  }
  for (const { name, parents } of result.config.routes) {
    if (!parents.some((parent) => parent.kind === 'Gateway')) continue;
    assert.ok(inherits('HTTPRoute', name, 'HTTPRoutePolicy/edge'), name);
  }
});
