import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { backendAt, stickyPoint } from './split.ts';
import { seeded } from './testing.ts';

interface Backend {
  name: number;
  weight: number;
}

const backends = (weights: readonly number[]): Backend[] => weights.map((weight, name) => ({ name, weight }));
const sumOf = (weights: readonly number[]) => weights.reduce((sum, weight) => sum + weight, 0);
const at = (weights: readonly number[], point: number) => backendAt(backends(weights), sumOf(weights), point)?.name;
const points = Array.from({ length: 1000 }, (_, n) => (n + 0.5) / 1000);
const weight = fc.integer({ min: 0, max: 1_000_000 });

describe('split', () => {
  test('a random point divides by the weights', () => {
    const random = seeded(1);
    const counts = [0, 0, 0, 0];
    for (let n = 0; n < 10_000; n += 1) {
      const name = at([70, 20, 10, 0], random()) as number;
      counts[name] = (counts[name] as number) + 1;
    }
    for (const [index, share] of [7000, 2000, 1000, 0].entries()) {
      assert.ok(Math.abs((counts[index] as number) - share) < 200, String(counts));
    }
  });

  test('shares are exact over evenly spread points, and a weight of 0 gets nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 6 }), (weights) => {
        const sum = sumOf(weights);
        const counts = weights.map(() => 0);
        for (let n = 0; n < sum; n += 1) {
          const name = at(weights, (n + 0.5) / sum) as number;
          counts[name] = (counts[name] as number) + 1;
        }
        assert.deepEqual(counts, weights);
      }),
    );
  });

  test('null only if all weights are 0', () => {
    fc.assert(
      fc.property(
        fc.array(weight, { maxLength: 6 }),
        fc.double({ min: 0, max: 1 - 2 ** -53, noNaN: true }),
        (weights, point) => {
          const found = backendAt(backends(weights), sumOf(weights), point);
          assert.equal(found === null, sumOf(weights) === 0);
          assert.ok(found === null || found.weight > 0);
        },
      ),
    );
  });

  test('from 10 to 20 percent exactly 10 percent of the clients move, all to the canary', () => {
    const moved = points.filter((point) => at([90, 10], point) !== at([80, 20], point));
    assert.equal(moved.length, 100);
    for (const point of moved) assert.equal(at([80, 20], point), 1);
  });

  test('between two, only the necessary clients move, and a client stays as long as the share covers it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 1000 }), (from, to) => {
        let moved = 0;
        for (const point of points) {
          const before = at([1000 - from, from], point);
          const after = at([1000 - to, to], point);
          if (before === after) continue;
          moved += 1;
          assert.equal(after, to > from ? 1 : 0);
        }
        assert.equal(moved, Math.abs(to - from));
      }),
    );
  });

  test('among three, a shift between the first and another moves no client of the third', () => {
    const unit = fc.integer({ min: 0, max: 400 });
    fc.assert(
      fc.property(unit, unit, unit, fc.constantFrom(1, 2), (from, to, other, moving) => {
        const weights = (share: number) =>
          moving === 1 ? [1000 - share - other, share, other] : [1000 - share - other, other, share];
        const moved = points.filter((point) => at(weights(from), point) !== at(weights(to), point));
        assert.equal(moved.length, Math.abs(to - from));
      }),
    );
  });

  test('only the proportions matter', () => {
    for (const point of points) assert.equal(at([9, 1], point), at([900, 100], point));
  });
});

describe('the point of a client', () => {
  test('stays the same, from 0 to 1', () => {
    assert.equal(stickyPoint('token', 'client-1'), 0.5233151416759938);
    fc.assert(
      fc.property(fc.string(), fc.string(), (scope, value) => {
        const point = stickyPoint(scope, value);
        assert.ok(point >= 0 && point < 1 && point === stickyPoint(scope, value));
      }),
    );
  });

  test('spreads clients evenly, also clients with similar names', () => {
    const counts = Array.from({ length: 10 }, () => 0);
    for (let n = 0; n < 10_000; n += 1) {
      const tenth = Math.floor(stickyPoint('route', `client-${n}`) * 10);
      counts[tenth] = (counts[tenth] as number) + 1;
    }
    for (const count of counts) assert.ok(Math.abs(count - 1000) < 150, String(counts));
  });

  test('differs from route to route', () => {
    const first = points.filter((_, n) => stickyPoint('a', `client-${n}`) < 0.1);
    const both = points.filter(
      (_, n) => stickyPoint('a', `client-${n}`) < 0.1 && stickyPoint('b', `client-${n}`) < 0.1,
    );
    assert.ok(both.length < first.length / 3);
  });
});
