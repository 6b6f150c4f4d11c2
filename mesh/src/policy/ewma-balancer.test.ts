import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ewmaBalancer, ewmaOf } from './ewma-balancer.ts';
import { fakeEndpoints, seeded } from './testing.ts';
import { plainWeight } from './weights.ts';

const options = { decayMs: 10_000, failurePenaltyMs: 5000, maxRetryAfterMs: 300_000 };

/** What happens to an endpoint between two choices. */
const event = fc.record({
  at: fc.nat({ max: 3 }),
  afterMs: fc.nat({ max: 2000 }),
  latencyMs: fc.integer({ min: 1, max: 3000 }),
  result: fc.constantFrom('success', 'failure', 'abandoned'),
  retryAfterMs: fc.constantFrom(0, 0, 0, 1000),
});

describe('EWMA', () => {
  test('of two, always the one that costs less, whatever has happened to them', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), fc.integer(), (events, seed) => {
        const endpoints = fakeEndpoints([1, 1]);
        const balancer = ewmaBalancer(options, plainWeight, seeded(seed));
        let nowMs = 0;
        for (const { at, afterMs, latencyMs, result, retryAfterMs } of events) {
          nowMs += afterMs;
          const endpoint = endpoints[at % 2];
          assert.ok(endpoint !== undefined);
          balancer.started(endpoint, nowMs - latencyMs);
          balancer.observe(endpoint, nowMs, latencyMs, result as 'success', retryAfterMs);
          const costs = endpoints.map((each) => ewmaOf(each, options, nowMs).costMs(nowMs, each.inFlight, 1));
          const picked = balancer.pick(endpoints, { nowMs, hash: null });
          assert.equal(costs[endpoints.indexOf(picked as (typeof endpoints)[number])], Math.min(...costs));
        }
      }),
    );
  });

  test('an endpoint that always fails at once gets less than any that succeeds, however slow within reason', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 2, max: 6 }),
        fc.integer(),
        (healthyMs, count, seed) => {
          const endpoints = fakeEndpoints(Array.from({ length: count }, () => 1));
          const balancer = ewmaBalancer(options, plainWeight, seeded(seed));
          const draws = endpoints.map(() => 0);
          for (let n = 0; n < 400; n += 1) {
            const nowMs = n * 20;
            const picked = balancer.pick(endpoints, { nowMs, hash: null });
            const index = endpoints.indexOf(picked as (typeof endpoints)[number]);
            const endpoint = endpoints[index];
            assert.ok(endpoint !== undefined);
            draws[index] = (draws[index] as number) + 1;
            balancer.started(endpoint, nowMs);
            if (index === 0) balancer.observe(endpoint, nowMs, 1, 'failure', 0);
            else balancer.observe(endpoint, nowMs, healthyMs, 'success', 0);
          }
          const [failing, ...healthy] = draws as [number, ...number[]];
          assert.ok(failing < Math.min(...healthy), String(draws));
        },
      ),
      { numRuns: 60 },
    );
  });
});
