import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { defaultBackendPolicy } from '../config/default-policies.ts';
import type { LoadBalancerPolicy } from '../config/policy-model.ts';
import { createBalancer } from './create-balancer.ts';
import { fakeEndpoint, fakeEndpoints, seeded, tally } from './testing.ts';

const context = { nowMs: 100_000, hash: null };
const policy = (change: Partial<LoadBalancerPolicy>): LoadBalancerPolicy => ({
  ...defaultBackendPolicy().loadBalancer,
  ...change,
});
const algorithms = ['EWMA', 'LeastRequest', 'RoundRobin', 'Random', 'ConsistentHash'] as const;

describe('the balancer of a service', () => {
  for (const algorithm of algorithms) {
    test(`${algorithm}: all endpoints, by their weights; none of none`, () => {
      const endpoints = fakeEndpoints([1, 2]);
      const balancer = createBalancer(policy({ algorithm }), seeded(1));
      const counts = tally(endpoints, 3000, () => {
        const picked = balancer.pick(endpoints, context);
        if (picked === null) return null;
        balancer.started(picked, context.nowMs);
        balancer.observe(picked, context.nowMs, 10, 'success', 0);
        return picked;
      });
      assert.ok(Math.abs((counts[0] as number) - 1000) < 120, String(counts));
      assert.equal(balancer.pick([], context), null);
    });
  }

  test('LeastRequest takes the less busy one, for its weight', () => {
    const busy = [fakeEndpoint('a', { inFlight: 5 }), fakeEndpoint('b', { inFlight: 2 })];
    const balancer = createBalancer(policy({ algorithm: 'LeastRequest' }), seeded(1));
    assert.deepEqual(
      tally(busy, 50, () => balancer.pick(busy, context)),
      [0, 50],
    );
    const heavy = [fakeEndpoint('a', { inFlight: 5, weight: 4 }), fakeEndpoint('b', { inFlight: 2 })];
    assert.ok((tally(heavy, 1000, () => balancer.pick(heavy, context))[0] as number) > 900);
  });

  test('a new endpoint starts with a small share and grows into its whole one', () => {
    for (const algorithm of ['RoundRobin', 'Random', 'LeastRequest', 'EWMA'] as const) {
      const endpoints = [fakeEndpoint('old'), fakeEndpoint('new', { sinceMs: 0 })];
      const balancer = createBalancer(policy({ algorithm }), seeded(3));
      const shareAt = (nowMs: number) =>
        (tally(endpoints, 2000, () => {
          const picked = balancer.pick(endpoints, { nowMs, hash: null });
          if (picked !== null) {
            balancer.started(picked, nowMs);
            balancer.observe(picked, nowMs, 10, 'success', 0);
          }
          return picked;
        })[1] as number) / 2000;
      shareAt(0);
      assert.ok(Math.abs(shareAt(1000) - 0.1 / 1.1) < 0.03, algorithm);
      assert.ok(Math.abs(shareAt(5000) - 0.5 / 1.5) < 0.05, algorithm);
      assert.ok(Math.abs(shareAt(10_000) - 0.5) < 0.05, algorithm);
    }
  });

  test('no share is so small that a new endpoint is never asked', () => {
    const endpoints = [fakeEndpoint('old'), fakeEndpoint('new', { sinceMs: context.nowMs })];
    const slowStart = { windowMs: 10_000, aggression: 1, minWeightPercent: 0 };
    const balancer = createBalancer(policy({ algorithm: 'Random', slowStart }), seeded(1));
    assert.ok((tally(endpoints, 20_000, () => balancer.pick(endpoints, context))[1] as number) > 0);
  });
});
