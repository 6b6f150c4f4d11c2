import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
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

  test('no share is so small that a new endpoint is never used', () => {
    const endpoints = [fakeEndpoint('old'), fakeEndpoint('new', { sinceMs: context.nowMs })];
    const slowStart = { windowMs: 10_000, aggression: 1, minWeightPercent: 0 };
    const balancer = createBalancer(policy({ algorithm: 'Random', slowStart }), seeded(1));
    assert.ok((tally(endpoints, 20_000, () => balancer.pick(endpoints, context))[1] as number) > 0);
  });

  for (const algorithm of algorithms) {
    test(`${algorithm}: whatever comes, goes, succeeds and fails, one of those that are there; and all the learning ends with the calls`, () => {
      const step = fc.record({
        there: fc.integer({ min: 0, max: 63 }),
        afterMs: fc.nat({ max: 5000 }),
        hash: fc.option(fc.integer({ min: 0, max: 2 ** 32 - 1 })),
        ends: fc.boolean(),
        latencyMs: fc.nat({ max: 10_000 }),
        result: fc.constantFrom('success', 'failure', 'abandoned'),
        retryAfterMs: fc.constantFrom(0, 0, 2000),
        forgives: fc.boolean(),
      });
      const weights = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 6, maxLength: 6 });
      fc.assert(
        fc.property(weights, fc.array(step, { maxLength: 60 }), fc.integer(), (given, steps, seed) => {
          const all = fakeEndpoints(given);
          const balancer = createBalancer(policy({ algorithm }), seeded(seed));
          const underWay: (typeof all)[number][] = [];
          let nowMs = 0;
          for (const { there, afterMs, hash, ends, latencyMs, result, retryAfterMs, forgives } of steps) {
            nowMs += afterMs;
            const endpoints = all.filter((_, i) => (there & (1 << i)) !== 0);
            const picked = balancer.pick(endpoints, { nowMs, hash });
            assert.equal(picked === null, endpoints.length === 0);
            if (picked !== null) {
              assert.ok(endpoints.includes(picked));
              balancer.started(picked, nowMs);
              picked.inFlight += 1;
              underWay.push(picked);
            }
            const ending = ends ? underWay.shift() : undefined;
            if (ending === undefined) continue;
            ending.inFlight -= 1;
            balancer.observe(ending, nowMs, latencyMs, result as 'success', retryAfterMs);
            if (forgives) balancer.forgive(ending, nowMs);
          }
          for (const ending of underWay) {
            ending.inFlight -= 1;
            balancer.observe(ending, nowMs, 1, 'success', 0);
          }
          // An hour later no measurement keeps an endpoint from being used.
          nowMs += 3_600_000;
          const picked = new Set<string>();
          for (let n = 0; n < 20_000 && picked.size < all.length; n += 1) {
            nowMs += 10;
            const next = balancer.pick(all, { nowMs, hash: null });
            if (next === null) break;
            picked.add(next.id);
            balancer.started(next, nowMs);
            balancer.observe(next, nowMs, 10, 'success', 0);
          }
          const rarest = Math.min(...given) / given.reduce((sum, weight) => sum + weight, 0);
          if (rarest > 0.005) assert.equal(picked.size, all.length, `${picked.size} of ${all.length}`);
        }),
        { numRuns: 60 },
      );
    });
  }
});
