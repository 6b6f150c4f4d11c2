import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { sampled } from './fraction.ts';
import { seeded } from './testing.ts';

describe('a fraction of the requests', () => {
  test('0 and 1 are exact', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.double({ min: 0, max: 1 - 2 ** -53, noNaN: true }),
        (of, chance) => {
          assert.equal(
            sampled(0, of, () => chance),
            false,
          );
          assert.equal(
            sampled(of, of, () => chance),
            true,
          );
        },
      ),
    );
  });

  test('is as large as asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), fc.integer(), (numerator, seed) => {
        const random = seeded(seed);
        let taken = 0;
        for (let n = 0; n < 5000; n += 1) if (sampled(numerator, 1000, random)) taken += 1;
        assert.ok(Math.abs(taken / 5000 - numerator / 1000) < 0.035);
      }),
    );
  });

  test('a request in one fraction is in every higher one', () => {
    fc.assert(
      fc.property(fc.nat(99), fc.double({ min: 0, max: 1 - 2 ** -53, noNaN: true }), (percent, chance) => {
        if (sampled(percent, 100, () => chance))
          assert.equal(
            sampled(percent + 1, 100, () => chance),
            true,
          );
      }),
    );
  });
});
