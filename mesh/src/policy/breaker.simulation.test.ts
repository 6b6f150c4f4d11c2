import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Chooser } from './balancer.ts';
import { type Admission, Breaker, type BreakerOptions } from './breaker.ts';
import { createBalancer } from './create-balancer.ts';
import { mayEject } from './ejection.ts';
import { type FakeEndpoint, fakeEndpoints, seeded, UnderWay } from './testing.ts';

/** Linkerd 1's figures in Buoyant's experiment, where the penalty is always 10 s. */
const consecutive: BreakerOptions = {
  consecutiveFailures: 5,
  successRate: { thresholdPercent: 0, windowMs: 10_000, minRequests: 20 },
  penalty: { minMs: 10_000, maxMs: 10_000, jitterRatio: 0 },
};
const successRate: BreakerOptions = {
  ...consecutive,
  consecutiveFailures: 0,
  successRate: { thresholdPercent: 90, windowMs: 10_000, minRequests: 20 },
};

interface Scene {
  breaker: BreakerOptions | null;
  algorithm: 'EWMA' | 'LeastRequest' | 'RoundRobin';
  requests: number;
  fails: (endpoint: number, nowMs: number, random: () => number) => boolean;
  maxEjectionPercent?: number;
}

/** Five endpoints, 100 requests a second: balancer, breakers and ejection limit together. */
function simulate({ breaker, algorithm, requests, fails, maxEjectionPercent = 50 }: Scene) {
  const random = seeded(7);
  const endpoints = fakeEndpoints([1, 1, 1, 1, 1]);
  const breakers = new Map<FakeEndpoint, Breaker>();
  const outNow = (nowMs: number) => [...breakers.values()].filter((one) => one.state(nowMs) !== 'admitting').length;
  let nowMs = 0;
  for (const endpoint of endpoints) {
    const mayTrip = () => mayEject(endpoints.length, outNow(nowMs), maxEjectionPercent);
    if (breaker !== null) breakers.set(endpoint, new Breaker(breaker, random, mayTrip));
  }
  const balancer = createBalancer(
    {
      algorithm,
      ewma: { decayMs: 10_000 },
      failurePenaltyMs: 5000,
      maxRetryAfterMs: 300_000,
      slowStart: { windowMs: 0, aggression: 1, minWeightPercent: 10 },
    },
    random,
  );
  const chooser = new Chooser<FakeEndpoint>(
    balancer,
    50,
    (endpoint, at) => breakers.get(endpoint)?.readiness(at) ?? 'ready',
  );
  const under = new UnderWay<{ latencyMs: number; endpoint: FakeEndpoint; failed: boolean; admission: Admission }>();
  let failed = 0;
  let outMax = 0;
  for (let n = 0; n < requests; n += 1) {
    nowMs = n * 10;
    under.endedBy(nowMs, ({ latencyMs, endpoint, failed: bad, admission }, atMs) => {
      const result = bad ? 'failure' : 'success';
      endpoint.inFlight -= 1;
      balancer.observe(endpoint, atMs, latencyMs, result, 0);
      if (breakers.get(endpoint)?.settle(admission, result, atMs) === 'admitted') balancer.forgive(endpoint, atMs);
    });
    outMax = Math.max(outMax, outNow(nowMs));
    const endpoint = chooser.choose(endpoints, { nowMs, hash: null, tried: null, onlyUntried: false, mayProbe: true });
    assert.ok(endpoint !== null);
    const bad = fails(endpoints.indexOf(endpoint), nowMs, random);
    if (bad) failed += 1;
    const latencyMs = 20 + random() * 5 + (bad ? 100 : 0);
    endpoint.inFlight += 1;
    balancer.started(endpoint, nowMs);
    const admission = breakers.get(endpoint)?.admit(nowMs) ?? 'normal';
    under.add(nowMs + latencyMs, { latencyMs, endpoint, failed: bad, admission });
  }
  return { successRate: 1 - failed / requests, outMax };
}

describe('one endpoint of five that fails 40 percent of its requests (Buoyant)', () => {
  const scene = {
    requests: 30_000,
    fails: (endpoint: number, _nowMs: number, random: () => number) => endpoint === 0 && random() < 0.4,
  };

  test('round robin: none < consecutive failures < success rate', () => {
    const [none, inARow, rate] = [null, consecutive, successRate].map(
      (breaker) => simulate({ ...scene, breaker, algorithm: 'RoundRobin' }).successRate,
    ) as [number, number, number];
    assert.ok(Math.abs(none - 0.92) < 0.01, `none ${none}`);
    assert.ok(inARow > none + 0.005, `consecutive ${inARow}`);
    assert.ok(rate > 0.98 && rate > inARow, `success rate ${rate}`);
  });

  test('with EWMA and the success rate: 99.5 percent without a single retry', () => {
    const rate = simulate({ ...scene, breaker: successRate, algorithm: 'EWMA' }).successRate;
    assert.ok(rate > 0.995, String(rate));
  });
});

test('a dead endpoint costs a trip and then one probe at a time', () => {
  const { successRate: rate } = simulate({
    breaker: { ...consecutive, penalty: { minMs: 1000, maxMs: 60_000, jitterRatio: 0.5 } },
    algorithm: 'RoundRobin',
    requests: 60_000,
    fails: (endpoint) => endpoint === 0,
  });
  const failed = Math.round((1 - rate) * 60_000);
  // 5 to 10 to trip it (some are in flight), then at 1, 2, 4, ... 60 s for 10 minutes.
  assert.ok(failed >= 5 + 10 && failed <= 10 + 16, String(failed));
});

test('if all fail, as many stay in as the limit says, and all recover', () => {
  const { outMax, successRate: rate } = simulate({
    breaker: { ...consecutive, penalty: { minMs: 1000, maxMs: 4000, jitterRatio: 0.5 } },
    algorithm: 'EWMA',
    requests: 30_000,
    fails: (_endpoint, nowMs) => nowMs < 60_000,
    maxEjectionPercent: 40,
  });
  assert.equal(outMax, 2);
  // All failures of the first 60 s, and almost none afterwards.
  assert.ok(rate > 0.79, String(rate));
});
