import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { rendezvous } from './consistent-hash.ts';
import { sampled } from './fraction.ts';
import { hash32, hashPoint } from './hash.ts';
import { countedLatencyMs } from './latency-penalty.ts';
import { twoChoices } from './p2c.ts';
import { panics } from './panic.ts';
import { PeakEwma } from './peak-ewma.ts';
import { SmoothRoundRobin } from './round-robin.ts';
import { slowStartWeight } from './slow-start.ts';
import { stickyIndex } from './sticky-split.ts';
import { weightedIndex } from './weighted.ts';

const equal = (count: number) => Array.from({ length: count }, () => ({ weight: 1, inFlight: 0 }));
/** Numbers that look random and are the same every time. */
function seeded(seed: number): () => number {
  let n = 0;
  return () => hashPoint(String(n++), seed);
}
const latency = fc.double({ min: 0.01, max: 60_000, noNaN: true });

describe('peak EWMA', () => {
  test('a slow reply is believed at once, and forgotten slowly', () => {
    const ewma = new PeakEwma(10_000, 30, 0);
    ewma.observe(10, 0);
    ewma.observe(2000, 1);
    assert.equal(ewma.expectedMs(1), 2000);
    ewma.observe(10, 10_001);
    assert.ok(Math.abs(ewma.expectedMs(10_001) - (2000 / Math.E + 10 * (1 - 1 / Math.E))) < 1e-6);
  });

  test('the first measurement replaces the default, also when it is faster', () => {
    const ewma = new PeakEwma(10_000, 30, 0);
    ewma.observe(2, 1);
    assert.equal(ewma.expectedMs(1), 2);
  });

  test('an endpoint that nobody has measured is asked once, and then waited for', () => {
    const ewma = new PeakEwma(10_000, 30, 0);
    assert.equal(ewma.cost(0, 0), 30);
    assert.ok(ewma.cost(1, 0) > 1e9);
  });

  test('the average stays between what was measured, whatever the times', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(latency, fc.integer({ min: -5, max: 10_000 })), { minLength: 1 }), (observed) => {
        const ewma = new PeakEwma(1000, 30, 0);
        let now = 0;
        for (const [ms, gap] of observed) {
          now += gap;
          ewma.observe(ms, now);
        }
        const all = observed.map(([ms]) => ms);
        assert.ok(ewma.expectedMs(now) <= Math.max(...all) + 1e-6);
        assert.ok(ewma.expectedMs(now + 1e9) <= 1e-6, 'it fades while nothing is measured');
      }),
    );
  });
});

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

  test('of two choices the cheaper one, and a heavier weight makes it cheaper', () => {
    const costs = [10, 1];
    for (let seed = 0; seed < 20; seed += 1) {
      assert.equal(
        twoChoices(equal(2), (i) => costs[i] as number, seeded(seed)),
        1,
      );
    }
    const weighted = [
      { weight: 100, inFlight: 0 },
      { weight: 1, inFlight: 0 },
    ];
    assert.equal(
      twoChoices(weighted, (i) => costs[i] as number, seeded(1)),
      0,
    );
    assert.equal(
      twoChoices([], () => 0, seeded(1)),
      -1,
    );
    assert.equal(
      twoChoices(equal(1), () => 0, seeded(1)),
      0,
    );
  });

  test('round robin is smooth: 5, 1, 1 gives a a b a c a a', () => {
    const keys = [{}, {}, {}];
    const candidates = [5, 1, 1].map((weight) => ({ weight, inFlight: 0 }));
    const robin = new SmoothRoundRobin<object>();
    const turns = Array.from({ length: 7 }, () => 'abc'[robin.next(candidates, (i) => keys[i] as object)]);
    assert.equal(turns.join(''), 'aabacaa');
  });

  test('round robin gives every candidate exactly its share of each full turn', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }), (weights) => {
        const keys = weights.map(() => ({}));
        const robin = new SmoothRoundRobin<object>();
        const counts = weights.map(() => 0);
        const sum = weights.reduce((a, b) => a + b, 0);
        for (let turn = 0; turn < sum; turn += 1) {
          const index = robin.next(
            weights.map((weight) => ({ weight, inFlight: 0 })),
            (i) => keys[i] as object,
          );
          counts[index] = (counts[index] ?? 0) + 1;
        }
        assert.deepEqual(counts, weights);
      }),
    );
  });
});

describe('consistent hashing', () => {
  const named = (count: number) => Array.from({ length: count }, (_, i) => ({ id: `10.0.0.${i}:80`, weight: 1 }));
  const keys = Array.from({ length: 3000 }, (_, i) => `client-${i}`);

  test('when one of ten leaves, only its keys move', () => {
    const ten = named(10);
    const nine = ten.filter((_, i) => i !== 4);
    for (const key of keys) {
      const before = ten[rendezvous(ten, key)]?.id;
      const after = nine[rendezvous(nine, key)]?.id;
      if (before !== ten[4]?.id) assert.equal(after, before);
    }
  });

  test('keys spread by weight, within 15 %', () => {
    const candidates = [
      { id: 'a', weight: 1 },
      { id: 'b', weight: 3 },
    ];
    const heavy = keys.filter((key) => rendezvous(candidates, key) === 1).length;
    assert.ok(Math.abs(heavy / keys.length - 0.75) < 0.04, `${heavy}`);
  });

  test('the hash is the same for ever', () => {
    assert.equal(hash32('banyan'), hash32('banyan'));
    assert.notEqual(hash32('banyan'), hash32('banyan', 1));
    assert.equal(rendezvous([], 'x'), -1);
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

/**
 * Buoyant's experiment in small: eleven backends of about 167 ms, one of which takes 2 s for half the time; a request fails that takes
 * longer than 1 s. Events in order of time, no real clock.
 */
function successRate(choose: 'round-robin' | 'least-request' | 'ewma'): number {
  const random = seeded(11);
  const nodes = Array.from({ length: 11 }, () => ({ weight: 1, inFlight: 0, ewma: new PeakEwma(10_000, 30, 0) }));
  const endings: { atMs: number; node: (typeof nodes)[number]; latencyMs: number }[] = [];
  const robin = new SmoothRoundRobin<object>();
  const penalty = { failurePenaltyMs: 5000, maxRetryAfterMs: 300_000 };
  let failed = 0;
  const total = 60_000;
  for (let n = 0; n < total; n += 1) {
    const now = n;
    for (let i = endings.length - 1; i >= 0; i -= 1) {
      const ending = endings[i];
      if (ending === undefined || ending.atMs > now) continue;
      ending.node.inFlight -= 1;
      const counted = countedLatencyMs(ending.latencyMs, ending.latencyMs < 1000 ? 200 : 0, 0, penalty);
      ending.node.ewma.observe(counted, ending.atMs);
      endings.splice(i, 1);
    }
    const index =
      choose === 'round-robin'
        ? robin.next(nodes, (i) => nodes[i] as object)
        : twoChoices(
            nodes,
            (i) =>
              choose === 'ewma' ? (nodes[i]?.ewma.cost(nodes[i]?.inFlight ?? 0, now) ?? 0) : (nodes[i]?.inFlight ?? 0),
            random,
          );
    const node = nodes[index] as (typeof nodes)[number];
    const slow = index === 0 && now >= 15_000 && now < 45_000;
    const latencyMs = slow ? 1000 : 160 + random() * 14; // the timeout ends a slow one
    if (slow) failed += 1;
    node.inFlight += 1;
    endings.push({ atMs: now + latencyMs, node, latencyMs });
  }
  return 1 - failed / total;
}

test('with one slow backend of eleven, EWMA loses less than least request, and that less than round robin', () => {
  const [robin, least, ewma] = [successRate('round-robin'), successRate('least-request'), successRate('ewma')];
  assert.ok(robin < 0.96, `round robin ${robin}`);
  assert.ok(least > 0.98 && least < ewma, `least request ${least}`);
  assert.ok(ewma > 0.999, `EWMA ${ewma}`);
});

test('an endpoint that fails fast draws less than its share', () => {
  const random = seeded(5);
  const policy = { failurePenaltyMs: 5000, maxRetryAfterMs: 300_000 };
  const nodes = Array.from({ length: 3 }, () => ({
    weight: 1,
    inFlight: 0,
    ewma: new PeakEwma(10_000, 30, 0),
    drawn: 0,
  }));
  for (let now = 0; now < 30_000; now += 10) {
    const index = twoChoices(nodes, (i) => nodes[i]?.ewma.cost(0, now) ?? 0, random);
    const node = nodes[index] as (typeof nodes)[number];
    node.drawn += 1;
    const broken = index === 0;
    node.ewma.observe(countedLatencyMs(broken ? 1 : 40, broken ? 500 : 200, 0, policy), now);
  }
  assert.ok((nodes[0]?.drawn ?? 0) < 30, `${nodes[0]?.drawn} of 3000`);
});
