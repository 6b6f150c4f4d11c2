import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AttemptResult, Balancer } from './balancer.ts';
import { createBalancer } from './create-balancer.ts';
import { type FakeEndpoint, fakeEndpoints, seeded, UnderWay } from './testing.ts';

const base = {
  ewma: { decayMs: 10_000 },
  failurePenaltyMs: 5000,
  maxRetryAfterMs: 300_000,
  slowStart: { windowMs: 0, aggression: 1, minWeightPercent: 10 },
};

/** How an endpoint handles one request. */
interface Outcome {
  latencyMs: number;
  result: AttemptResult;
}

interface Load {
  requests: number;
  perSecond: number;
  outcomeOf: (endpoint: number, nowMs: number, random: () => number) => Outcome;
}

/** Requests at a fixed rate, events in order of time, no real clock. */
function simulate(balancer: Balancer, endpoints: FakeEndpoint[], random: () => number, load: Load) {
  const under = new UnderWay<{ endpoint: FakeEndpoint; outcome: Outcome }>();
  const drawn = endpoints.map(() => 0);
  let failed = 0;
  for (let n = 0; n < load.requests; n += 1) {
    const nowMs = (n * 1000) / load.perSecond;
    under.endedBy(nowMs, ({ endpoint, outcome }, atMs) => {
      endpoint.inFlight -= 1;
      balancer.observe(endpoint, atMs, outcome.latencyMs, outcome.result, 0);
    });
    const endpoint = balancer.pick(endpoints, { nowMs, hash: null }) as FakeEndpoint;
    const index = endpoints.indexOf(endpoint);
    drawn[index] = (drawn[index] as number) + 1;
    const outcome = load.outcomeOf(index, nowMs, random);
    if (outcome.result === 'failure') failed += 1;
    endpoint.inFlight += 1;
    balancer.started(endpoint, nowMs);
    under.add(nowMs + outcome.latencyMs, { endpoint, outcome });
  }
  return { drawn, successRate: 1 - failed / load.requests };
}

type Algorithm = 'EWMA' | 'LeastRequest' | 'RoundRobin';

function run(algorithm: Algorithm, count: number, load: Load, seed = 1) {
  const random = seeded(seed);
  return simulate(createBalancer({ ...base, algorithm }, random), fakeEndpoints(Array(count).fill(1)), random, load);
}

/** Close enough to a normal distribution: the sum of twelve draws. */
function normal(random: () => number, mean: number, sd: number): number {
  let sum = -6;
  for (let n = 0; n < 12; n += 1) sum += random();
  return mean + sd * sum;
}

/**
 * Buoyant's "Beyond Round Robin": 11 endpoints of about 167 ms, one of them at 2 s from 15 s to 45 s, requests fail
 * after 1 s.
 */
const slowOne: Load = {
  requests: 60_000,
  perSecond: 1000,
  outcomeOf: (endpoint, nowMs, random) =>
    endpoint === 0 && nowMs >= 15_000 && nowMs < 45_000
      ? { latencyMs: 1000, result: 'failure' }
      : { latencyMs: normal(random, 167, 5), result: 'success' },
};

describe('one slow endpoint of eleven', () => {
  test('success: round robin < least request < EWMA, which reaches 99.9 percent', () => {
    for (const seed of [1, 2, 3]) {
      const [robin, least, ewma] = (['RoundRobin', 'LeastRequest', 'EWMA'] as const).map(
        (algorithm) => run(algorithm, 11, slowOne, seed).successRate,
      ) as [number, number, number];
      assert.ok(robin < 0.96, `round robin ${robin}`);
      assert.ok(least > 0.985 && least < ewma, `least request ${least}`);
      assert.ok(ewma > 0.999, `EWMA ${ewma}`);
    }
  });

  test('an endpoint that has recovered gets its share again', () => {
    const { drawn } = run('EWMA', 3, {
      requests: 20_000,
      perSecond: 100,
      outcomeOf: (endpoint, nowMs) =>
        endpoint === 0 && nowMs < 20_000
          ? { latencyMs: 1000, result: 'failure' }
          : { latencyMs: 50, result: 'success' },
    });
    assert.ok((drawn[0] as number) > 20_000 / 3 / 2, String(drawn));
  });
});

describe('an endpoint that fails fast', () => {
  const failFast = (healthyMs: number): Load => ({
    requests: 30_000,
    perSecond: 500,
    outcomeOf: (endpoint) =>
      endpoint === 0 ? { latencyMs: 1, result: 'failure' } : { latencyMs: healthyMs, result: 'success' },
  });

  // While the others have 250 requests in flight each, it takes as many failures to weigh as much.
  for (const [healthyMs, ofItsShare] of [
    [2, 0.1],
    [20, 0.1],
    [200, 0.1],
    [2000, 0.3],
  ] as const) {
    test(`draws at most ${ofItsShare} of its share, the others taking ${healthyMs} ms`, () => {
      const { drawn } = run('EWMA', 5, failFast(healthyMs));
      assert.ok((drawn[0] as number) < (30_000 / 5) * ofItsShare, String(drawn));
    });
  }

  test('attracts all requests if failures count as fast replies: the reason for the penalty', () => {
    const random = seeded(1);
    const balancer = createBalancer({ ...base, algorithm: 'EWMA', failurePenaltyMs: 0 }, random);
    const { drawn } = simulate(balancer, fakeEndpoints([1, 1, 1, 1, 1]), random, failFast(20));
    assert.ok((drawn[0] as number) > (30_000 / 5) * 1.5, String(drawn));
  });

  test('after it was healthy: it does not attract requests in the first seconds either', () => {
    const { drawn } = run('EWMA', 5, {
      requests: 10_000,
      perSecond: 1000,
      outcomeOf: (endpoint, nowMs) =>
        endpoint === 0 && nowMs >= 5000 ? { latencyMs: 1, result: 'failure' } : { latencyMs: 60, result: 'success' },
    });
    const whileHealthy = 1000;
    assert.ok((drawn[0] as number) < whileHealthy + 250, String(drawn));
  });

  test('failing 40 percent of the time (Buoyant’s second experiment): 99 percent succeed without any breaker', () => {
    const { successRate } = run('EWMA', 5, {
      requests: 12_000,
      perSecond: 100,
      outcomeOf: (endpoint, _nowMs, random) =>
        endpoint === 0 && random() < 0.4 ? { latencyMs: 100, result: 'failure' } : { latencyMs: 20, result: 'success' },
    });
    assert.ok(successRate > 0.99, String(successRate));
  });
});

test('rare failures everywhere do not send all requests to one endpoint', () => {
  const { drawn } = run('EWMA', 5, {
    requests: 60_000,
    perSecond: 1000,
    outcomeOf: (_endpoint, _nowMs, random) =>
      random() < 0.001 ? { latencyMs: 1, result: 'failure' } : { latencyMs: normal(random, 30, 3), result: 'success' },
  });
  for (const count of drawn) assert.ok(count > 60_000 / 5 / 2 && count < (60_000 / 5) * 2, String(drawn));
});
