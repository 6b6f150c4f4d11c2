import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { panics } from './panic.ts';
import { slowStartWeight } from './slow-start.ts';
import { fakeEndpoint, fakeEndpoints } from './testing.ts';
import { plainWeight, Weights, warmingWeight } from './weights.ts';

const unit = fc.double({ min: 0, max: 1 - 2 ** -53, noNaN: true });
const weightsGiven = fc.array(fc.double({ min: 0.001, max: 1000, noNaN: true }), { minLength: 1, maxLength: 50 });

describe('weights', () => {
  test('a point of their sum finds an endpoint, in proportion to its weight', () => {
    const weights = new Weights(plainWeight);
    weights.read(fakeEndpoints([1, 3]), 0);
    assert.deepEqual(
      [0, 0.2499, 0.25, 0.9999].map((point) => weights.indexAt(point)),
      [0, 0, 1, 1],
    );
    fc.assert(
      fc.property(weightsGiven, unit, (given, point) => {
        weights.read(fakeEndpoints(given), 0);
        const index = weights.indexAt(point);
        assert.ok(index >= 0 && index < given.length);
      }),
    );
  });

  test('the weights of an earlier choice are forgotten', () => {
    const weights = new Weights(plainWeight);
    weights.read(fakeEndpoints(Array(40).fill(7)), 0);
    weights.read(fakeEndpoints([1, 2]), 0);
    assert.deepEqual([weights.sum, weights.equal, weights.at(1)], [3, false, 2]);
  });

  test('in relation to the average they average 1', () => {
    const weights = new Weights(plainWeight);
    fc.assert(
      fc.property(weightsGiven, (given) => {
        weights.read(fakeEndpoints(given), 0);
        const sum = given.reduce((total, _, index) => total + weights.relative(index), 0);
        assert.ok(Math.abs(sum / given.length - 1) < 1e-6);
      }),
    );
  });
});

describe('slow start', () => {
  const options = { windowMs: 10_000, aggression: 1, minWeightPercent: 10 };

  test('never falls with age, is never above the whole weight, and ends with the window', () => {
    const aggression = fc.double({ min: 0.1, max: 10, noNaN: true });
    fc.assert(
      fc.property(
        aggression,
        fc.nat(100),
        fc.nat(12_000),
        fc.nat(12_000),
        (power, minWeightPercent, ageMs, laterMs) => {
          const given = { windowMs: 10_000, aggression: power, minWeightPercent };
          const now = slowStartWeight(3, ageMs, given);
          assert.ok(now <= 3 && now >= (3 * minWeightPercent) / 100 - 1e-9);
          assert.ok(slowStartWeight(3, ageMs + laterMs, given) >= now);
          assert.equal(slowStartWeight(3, 10_000, given), 3);
        },
      ),
    );
  });

  test('counts from when the endpoint was first seen; a window of 0 switches it off', () => {
    const endpoint = fakeEndpoint('new', { sinceMs: 1000, weight: 2 });
    assert.equal(warmingWeight(options)(endpoint, 6000), 1);
    assert.equal(warmingWeight({ ...options, windowMs: 0 })(endpoint, 1000), 2);
  });
});

describe('panic', () => {
  test('more usable endpoints never cause one, a higher threshold never ends one', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), fc.nat(100), (usable, others, threshold) => {
        const known = usable + others;
        if (!panics(usable, known, threshold))
          assert.equal(panics(Math.min(known, usable + 1), known, threshold), false);
        else assert.equal(panics(usable, known, Math.min(100, threshold + 1)), true);
        assert.equal(panics(usable, known, 0), false);
      }),
    );
  });
});
