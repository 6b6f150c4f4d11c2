import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { EndpointView } from './balancer.ts';
import { PowerOfTwoChoices } from './p2c.ts';
import { fakeEndpoints, seeded, tally } from './testing.ts';
import { plainWeight } from './weights.ts';

const chance = fc.integer();

describe('power of two choices', () => {
  test('takes the cheaper of two', () => {
    const endpoints = fakeEndpoints([1, 1]);
    const choices = new PowerOfTwoChoices((endpoint) => (endpoint === endpoints[0] ? 10 : 1), plainWeight, seeded(1));
    assert.deepEqual(
      tally(endpoints, 100, () => choices.pick(endpoints, 0)),
      [0, 100],
    );
  });

  test('never takes the most expensive of three or more', () => {
    const endpoints = fakeEndpoints([1, 1, 1, 1]);
    const choices = new PowerOfTwoChoices((endpoint) => endpoints.indexOf(endpoint as never), plainWeight, seeded(2));
    const counts = tally(endpoints, 1000, () => choices.pick(endpoints, 0));
    assert.equal(counts[3], 0);
    assert.ok((counts[0] as number) > (counts[1] as number) && (counts[1] as number) > (counts[2] as number));
  });

  test('null without endpoints, and the only one of one', () => {
    const choices = new PowerOfTwoChoices(() => 0, plainWeight, seeded(1));
    const [only] = fakeEndpoints([1]);
    assert.equal(choices.pick([], 0), null);
    assert.equal(choices.pick([only as never], 0), only);
  });

  test('at equal cost the shares follow the weights', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 2, maxLength: 5 }),
        chance,
        (weights, seed) => {
          const endpoints = fakeEndpoints(weights);
          const choices = new PowerOfTwoChoices(() => 1, plainWeight, seeded(seed));
          const counts = tally(endpoints, 8000, () => choices.pick(endpoints, 0));
          const sum = weights.reduce((a, b) => a + b, 0);
          for (const [index, weight] of weights.entries()) {
            const share = (counts[index] as number) / 8000;
            assert.ok(Math.abs(share - weight / sum) < 0.03, `${share} is not ${weight} of ${sum}`);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  test('whatever the weights, an endpoint that costs much more than all others gets nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 8 }),
        fc.nat(),
        chance,
        (weights, at, seed) => {
          const endpoints = fakeEndpoints(weights);
          const slow = endpoints[at % endpoints.length];
          const random = seeded(seed);
          const cost = (endpoint: EndpointView) => (endpoint === slow ? 1000 : 100 + 100 * random());
          const choices = new PowerOfTwoChoices(cost, plainWeight, random);
          for (let n = 0; n < 50; n += 1) assert.notEqual(choices.pick(endpoints, 0), slow);
        },
      ),
    );
  });

  test('the requests in flight follow the weights, too', () => {
    const endpoints = fakeEndpoints([1, 3]);
    const choices = new PowerOfTwoChoices(
      ({ inFlight }, _nowMs, share) => 1 + inFlight / share,
      plainWeight,
      seeded(4),
    );
    for (let n = 0; n < 400; n += 1) {
      const picked = choices.pick(endpoints, 0);
      if (picked !== null) picked.inFlight += 1;
    }
    assert.ok(Math.abs((endpoints[0]?.inFlight ?? 0) - 100) < 10);
  });

  test('whatever the weights, one of the endpoints', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 40 }),
        chance,
        (weights, seed) => {
          const endpoints = fakeEndpoints(weights);
          const random = seeded(seed);
          const choices = new PowerOfTwoChoices(() => random(), plainWeight, random);
          for (let n = 0; n < 20; n += 1) {
            const picked = choices.pick(endpoints, 0);
            assert.ok(picked !== null && endpoints.includes(picked));
          }
        },
      ),
    );
  });
});
