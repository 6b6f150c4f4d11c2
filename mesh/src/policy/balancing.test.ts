import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { sampled } from './fraction.ts';
import { hashPoint } from './hash.ts';
import { countedLatencyMs } from './latency-penalty.ts';
import { panics } from './panic.ts';
import { slowStartWeight } from './slow-start.ts';
import { stickyIndex } from './sticky-split.ts';
import { weightedIndex } from './weighted.ts';

/** Numbers that look random and are the same every time. */
function seeded(seed: number): () => number {
  let n = 0;
  return () => hashPoint(String(n++), seed);
}

describe('what a failure counts as', () => {
  const policy = { failurePenaltyMs: 5000, maxRetryAfterMs: 300_000 };
  test('success counts as it was; failure, 429 and 503 as slow', () => {
    assert.equal(countedLatencyMs(7, 200, 0, policy), 7);
    assert.equal(countedLatencyMs(7, 404, 0, policy), 7);
    for (const status of [0, 429, 500, 503]) assert.equal(countedLatencyMs(7, status, 0, policy), 5000);
  });
  test('Retry-After is honoured up to its limit, and only from those who may ask', () => {
    assert.equal(countedLatencyMs(7, 503, 20_000, policy), 20_000);
    assert.equal(countedLatencyMs(7, 503, 9e9, policy), 300_000);
    assert.equal(countedLatencyMs(7, 200, 9e9, policy), 7);
  });
});

describe('choosing', () => {
  test('by weight, without the one left out', () => {
    const candidates = [
      { weight: 1, inFlight: 0 },
      { weight: 3, inFlight: 0 },
      { weight: 0, inFlight: 0 },
    ];
    assert.equal(weightedIndex(candidates, 0.2, -1), 0);
    assert.equal(weightedIndex(candidates, 0.3, -1), 1);
    assert.equal(weightedIndex(candidates, 0.3, 1), 0);
    assert.equal(weightedIndex([], 0.5, -1), -1);
    assert.equal(weightedIndex([{ weight: 1, inFlight: 0 }], 0.5, 0), -1);
  });

  test('an index is always one of the candidates, and never the one left out', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1000), { minLength: 1, maxLength: 20 }),
        fc.double({ min: 0, max: 0.999_999_999_9, noNaN: true }),
        fc.integer({ min: -1, max: 19 }),
        (weights, point, except) => {
          const index = weightedIndex(
            weights.map((weight) => ({ weight, inFlight: 0 })),
            point,
            except,
          );
          const open = weights.filter((_, i) => i !== except).length;
          if (open === 0) assert.equal(index, -1);
          else assert.ok(index >= 0 && index < weights.length && index !== except);
        },
      ),
    );
  });
});

describe('a sticky split', () => {
  test('moves nobody who need not move, as the canary grows and shrinks', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }), (from, to) => {
        let moved = 0;
        for (let client = 0; client < 500; client += 1) {
          const key = `client-${client}`;
          const before = stickyIndex([{ weight: 100 - from }, { weight: from }], key, 'route');
          const after = stickyIndex([{ weight: 100 - to }, { weight: to }], key, 'route');
          if (before === after) continue;
          moved += 1;
          assert.equal(after, to > from ? 1 : 0, 'clients move towards the side that grows');
        }
        assert.ok(moved <= 5 * Math.abs(to - from) + 45, `${moved} of 500 moved for ${Math.abs(to - from)} points`);
      }),
      { numRuns: 60 },
    );
  });

  test('another route sorts its clients anew, and no weight at all chooses nobody', () => {
    const backends = [{ weight: 50 }, { weight: 50 }];
    const differ = Array.from({ length: 200 }, (_, i) => String(i)).filter(
      (key) => stickyIndex(backends, key, 'a') !== stickyIndex(backends, key, 'b'),
    );
    assert.ok(differ.length > 50);
    assert.equal(stickyIndex([{ weight: 0 }, { weight: 0 }], 'x', 'y'), -1);
    assert.equal(stickyIndex([{ weight: 0 }, { weight: 1 }], 'x', 'y'), 1);
  });
});

test('slow start grows from its least share to the whole weight (Envoy’s formula)', () => {
  const policy = { windowMs: 10_000, aggression: 1, minWeightPercent: 10 };
  assert.equal(slowStartWeight(4, 0, policy), 0.4);
  assert.equal(slowStartWeight(4, 5000, policy), 2);
  assert.equal(slowStartWeight(4, 10_000, policy), 4);
  assert.equal(slowStartWeight(4, 2500, { ...policy, aggression: 2 }), 2);
  assert.equal(slowStartWeight(4, 0, { ...policy, windowMs: 0 }), 4);
});

test('panic begins below the threshold, never where it is 0, and not where there is nobody', () => {
  assert.equal(panics(4, 10, 50), true);
  assert.equal(panics(5, 10, 50), false);
  assert.equal(panics(0, 10, 0), false);
  assert.equal(panics(0, 0, 50), false);
});

test('a fraction is taken as often as it says', () => {
  const random = seeded(3);
  const taken = Array.from({ length: 4000 }, () => sampled(1, 4, random)).filter(Boolean).length;
  assert.ok(Math.abs(taken - 1000) < 120, String(taken));
  assert.equal(
    sampled(0, 100, () => 0),
    false,
  );
  assert.equal(
    sampled(100, 100, () => 0.999),
    true,
  );
});
