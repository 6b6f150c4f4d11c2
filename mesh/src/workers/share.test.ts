import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backendRef, meshConfig, route, rule, service } from '../testing/config.ts';
import { shareOf } from './share.ts';

function config() {
  const made = meshConfig([service('shop', [1])], [route('shop', [rule({ backendRefs: [backendRef('shop')] })])]);
  const [shop] = made.services;
  const [to] = made.routes;
  assert.ok(shop !== undefined && to !== undefined);
  shop.policy = {
    ...shop.policy,
    limits: { ...shop.policy.limits, maxInFlight: 10, maxQueued: 0, maxConnections: 2 },
    retryBudget: { percent: 20, minRetriesPerSecond: 10, ttlMs: 10_000 },
  };
  to.policy = {
    ...to.policy,
    rateLimits: [{ requestsPerSecond: 10, burst: 2, per: 'Route' }],
    mirror: { ...to.policy.mirror, maxInFlight: 9 },
  };
  return made;
}

test('each worker has a part of every limit, and all other settings unchanged', () => {
  const whole = config();
  const before = structuredClone(whole);
  const { services, routes } = shareOf(whole, 4);
  const policy = services[0]?.policy;
  assert.deepEqual(
    [policy?.limits.maxInFlight, policy?.limits.maxQueued, policy?.limits.maxConnections],
    [3, 0, 1],
    'rounded up, and 0 stays 0',
  );
  assert.deepEqual(policy?.retryBudget, { percent: 20, minRetriesPerSecond: 2.5, ttlMs: 10_000 });
  assert.deepEqual(routes[0]?.policy.rateLimits, [{ requestsPerSecond: 2.5, burst: 1, per: 'Route' }]);
  assert.equal(routes[0]?.policy.mirror.maxInFlight, 3);
  assert.deepEqual(policy?.circuitBreaker, whole.services[0]?.policy.circuitBreaker);
  assert.deepEqual(routes[0]?.rules, whole.routes[0]?.rules);
  assert.deepEqual(whole, before, 'what the primary has in force stays whole');
});

test('one worker has everything', () => {
  const whole = config();
  assert.equal(shareOf(whole, 1), whole);
});
