import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { randomBalancer } from './random.ts';
import { fakeEndpoints, seeded, tally } from './testing.ts';
import { plainWeight } from './weights.ts';

const context = { nowMs: 0, hash: null };

describe('Random', () => {
  test('each as often as its weight says, whatever is in flight', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ weight: fc.integer({ min: 1, max: 20 }), inFlight: fc.nat({ max: 1000 }) }), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.integer(),
        (given, seed) => {
          const endpoints = fakeEndpoints(given.map(({ weight }) => weight));
          for (const [i, endpoint] of endpoints.entries()) endpoint.inFlight = given[i]?.inFlight ?? 0;
          const balancer = randomBalancer(plainWeight, seeded(seed));
          const draws = 4000;
          const counts = tally(endpoints, draws, () => balancer.pick(endpoints, context));
          const sum = given.reduce((total, { weight }) => total + weight, 0);
          for (const [i, { weight }] of given.entries()) {
            const share = weight / sum;
            // Six standard deviations of so many draws.
            const tolerance = 6 * Math.sqrt((share * (1 - share)) / draws) + 1e-9;
            assert.ok(
              Math.abs((counts[i] as number) / draws - share) <= tolerance,
              `${counts} of ${given.map((g) => g.weight)}`,
            );
          }
        },
      ),
    );
  });
});
