import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { roundRobin } from './round-robin.ts';
import { fakeEndpoints, tally } from './testing.ts';
import { plainWeight } from './weights.ts';

const context = { nowMs: 0, hash: null };

describe('round robin', () => {
  test('is smooth: 5, 1, 1 gives a a b a c a a', () => {
    const endpoints = fakeEndpoints([5, 1, 1]);
    const balancer = roundRobin(plainWeight);
    const picks = Array.from({ length: 7 }, () => 'abc'[endpoints.indexOf(balancer.pick(endpoints, context) as never)]);
    assert.equal(picks.join(''), 'aabacaa');
  });

  test('gives every endpoint exactly its share of each full round', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }), (weights) => {
        const endpoints = fakeEndpoints(weights);
        const balancer = roundRobin(plainWeight);
        const sum = weights.reduce((a, b) => a + b, 0);
        for (let round = 0; round < 3; round += 1) {
          assert.deepEqual(
            tally(endpoints, sum, () => balancer.pick(endpoints, context)),
            weights,
          );
        }
      }),
    );
  });

  test('an endpoint that was out for long does not come back with a large credit', () => {
    const endpoints = fakeEndpoints([1, 1, 1]);
    const balancer = roundRobin(plainWeight);
    for (let n = 0; n < 1000; n += 1) balancer.pick(endpoints.slice(1), context);
    const counts = tally(endpoints, 30, () => balancer.pick(endpoints, context));
    for (const count of counts) assert.ok(Math.abs(count - 10) <= 1, String(counts));
  });

  test('two balancers do not share credit', () => {
    const endpoints = fakeEndpoints([1, 1]);
    const [one, other] = [roundRobin(plainWeight), roundRobin(plainWeight)];
    assert.equal(one.pick(endpoints, context), endpoints[0]);
    assert.equal(other.pick(endpoints, context), endpoints[0]);
  });

  test('null without endpoints', () => {
    assert.equal(roundRobin(plainWeight).pick([], context), null);
  });
});
