import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Breaker, type BreakerOptions } from './breaker.ts';
import { ejectionsMax, mayEject } from './ejection.ts';
import { seeded } from './testing.ts';

const options: BreakerOptions = {
  consecutiveFailures: 5,
  successRate: { thresholdPercent: 80, windowMs: 10_000, minRequests: 20 },
  penalty: { minMs: 1000, maxMs: 60_000, jitterRatio: 0 },
};
const noChance = () => 0;

function make(change: Partial<BreakerOptions> = {}, random = noChance, mayTrip = () => true): Breaker {
  return new Breaker({ ...options, ...change }, random, mayTrip);
}

/** One request from its start to its end. */
function request(breaker: Breaker, nowMs: number, result: 'success' | 'failure' | 'abandoned') {
  return breaker.settle(breaker.admit(nowMs), result, nowMs);
}

function tripped(change: Partial<BreakerOptions> = {}, random = noChance): Breaker {
  const breaker = make(change, random);
  for (let n = 0; n < 5; n += 1) request(breaker, 0, 'failure');
  return breaker;
}

describe('tripping', () => {
  test('after failures in a row, and not one earlier', () => {
    const breaker = make();
    for (let n = 0; n < 4; n += 1) assert.equal(request(breaker, 0, 'failure'), null);
    assert.equal(breaker.state(0), 'admitting');
    assert.equal(request(breaker, 0, 'failure'), 'tripped');
    assert.equal(breaker.state(0), 'tripped');
    assert.equal(breaker.reason, 'consecutive_failures');
    assert.equal(breaker.readiness(999), 'out');
  });

  test('a success begins the row anew; an abandoned request counts as neither success nor failure', () => {
    const breaker = make();
    for (const result of ['failure', 'failure', 'failure', 'failure', 'success', 'failure'] as const) {
      request(breaker, 0, result);
    }
    assert.equal(breaker.state(0), 'admitting');
    for (const result of ['failure', 'abandoned', 'failure', 'failure', 'failure'] as const) {
      request(breaker, 0, result);
    }
    assert.equal(breaker.state(0), 'tripped');
  });

  test('by the success rate, with enough requests only', () => {
    const breaker = make({ consecutiveFailures: 0 });
    for (let n = 0; n < 19; n += 1) request(breaker, n, n % 2 === 0 ? 'failure' : 'success');
    assert.equal(breaker.state(19), 'admitting');
    request(breaker, 19, 'failure');
    assert.equal(breaker.reason, 'success_rate');
  });

  test('exactly at the threshold it stays in', () => {
    const breaker = make({ consecutiveFailures: 0 });
    for (let n = 0; n < 100; n += 1) request(breaker, n, n % 5 === 4 ? 'failure' : 'success');
    assert.equal(breaker.state(100), 'admitting');
  });

  test('not by failures that are older than the window', () => {
    const breaker = make({ consecutiveFailures: 0 });
    for (let n = 0; n < 19; n += 1) request(breaker, n, 'failure');
    request(breaker, 60_000, 'failure');
    assert.equal(breaker.state(60_000), 'admitting');
  });

  test('each rule can be switched off', () => {
    const successRate = { ...options.successRate, thresholdPercent: 0 };
    const breaker = make({ consecutiveFailures: 0, successRate });
    for (let n = 0; n < 1000; n += 1) request(breaker, n, 'failure');
    assert.equal(breaker.state(1000), 'admitting');
  });

  test('not while too many are out already; then with the next failure after there is room', () => {
    let room = false;
    const breaker = make({}, noChance, () => room);
    for (let n = 0; n < 10; n += 1) request(breaker, 0, 'failure');
    assert.equal(breaker.state(0), 'admitting');
    room = true;
    assert.equal(request(breaker, 0, 'failure'), 'tripped');
  });
});

describe('probing', () => {
  test('after the penalty one request is the probe, and its success admits all requests', () => {
    const breaker = tripped();
    assert.equal(breaker.readiness(1000), 'probe');
    assert.equal(breaker.state(1000), 'probing');
    assert.equal(breaker.admit(1000), 'probe');
    assert.equal(breaker.readiness(1000), 'out');
    assert.equal(breaker.settle('probe', 'success', 1100), 'admitted');
    assert.equal(breaker.readiness(1100), 'ready');
    assert.equal(breaker.reason, null);
  });

  test('a success resets all earlier counts', () => {
    const breaker = tripped({ consecutiveFailures: 5 });
    request(breaker, 1000, 'success');
    for (let n = 0; n < 4; n += 1) request(breaker, 1000, 'failure');
    assert.equal(breaker.state(1000), 'admitting');
    request(breaker, 1000, 'failure');
    assert.equal(breaker.readiness(1999), 'out');
    assert.equal(breaker.readiness(2000), 'probe', 'the penalty begins with the shortest again');
  });

  test('the failures in the window count no more', () => {
    const breaker = make({ consecutiveFailures: 0 });
    for (let n = 0; n < 20; n += 1) request(breaker, 0, 'failure');
    assert.equal(request(breaker, 1000, 'success'), 'admitted');
    assert.equal(request(breaker, 1000, 'failure'), null);
    assert.equal(breaker.state(1000), 'admitting');
  });

  test('each failed probe doubles the penalty, up to the cap', () => {
    const breaker = tripped();
    let nowMs = 1000;
    for (const penaltyMs of [2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
      request(breaker, nowMs, 'failure');
      assert.equal(breaker.reason, 'probe_failed');
      assert.equal(breaker.readiness(nowMs + penaltyMs - 1), 'out');
      assert.equal(breaker.readiness(nowMs + penaltyMs), 'probe');
      nowMs += penaltyMs;
    }
  });

  test('the cap holds forever', () => {
    const breaker = tripped();
    for (let n = 0; n < 2000; n += 1) request(breaker, breaker.trippedUntilMs, 'failure');
    const nowMs = breaker.trippedUntilMs;
    request(breaker, nowMs, 'failure');
    assert.equal(breaker.trippedUntilMs, nowMs + 60_000);
  });

  test('jitter makes the penalty longer, never shorter', () => {
    const penalty = { ...options.penalty, jitterRatio: 0.5 };
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1 - 2 ** -53, noNaN: true }), (chance) => {
        const untilMs = tripped({ penalty }, () => chance).trippedUntilMs;
        assert.ok(untilMs >= 1000 && untilMs <= 1500);
      }),
    );
  });

  test('a probe whose client went away decides nothing: the next request is the probe', () => {
    const breaker = tripped();
    request(breaker, 1000, 'abandoned');
    assert.equal(breaker.readiness(1000), 'probe');
    assert.equal(breaker.admit(1000), 'probe');
  });

  test('attempts in flight at the trip change nothing', () => {
    const breaker = make();
    const old = Array.from({ length: 20 }, () => breaker.admit(0));
    for (const admission of old.slice(0, 5)) breaker.settle(admission, 'failure', 10);
    const untilMs = breaker.trippedUntilMs;
    for (const admission of old.slice(5, 15)) breaker.settle(admission, 'failure', 500);
    for (const admission of old.slice(15)) assert.equal(breaker.settle(admission, 'success', 600), null);
    assert.equal(breaker.trippedUntilMs, untilMs);
    assert.equal(breaker.readiness(700), 'out');
  });

  test('requests that a panic sends to a tripped endpoint decide nothing', () => {
    const breaker = tripped();
    assert.equal(breaker.admit(500), 'forced');
    assert.equal(breaker.settle('forced', 'success', 500), null);
    assert.equal(breaker.readiness(500), 'out');
  });

  test('never more than one probe at a time, in any order of events', () => {
    const result = fc.constantFrom('success', 'failure', 'abandoned' as const);
    const step = fc.oneof(
      fc.record({ kind: fc.constant('start' as const) }),
      fc.record({ kind: fc.constant('end' as const), which: fc.nat(), result }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 5000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.integer(), (steps, seed) => {
        const breaker = make({ consecutiveFailures: 2 }, seeded(seed));
        const under: ReturnType<Breaker['admit']>[] = [];
        let nowMs = 0;
        for (const next of steps) {
          if (next.kind === 'wait') nowMs += next.ms;
          else if (next.kind === 'start') {
            const readiness = breaker.readiness(nowMs);
            const admission = breaker.admit(nowMs);
            assert.equal(admission, readiness === 'ready' ? 'normal' : readiness === 'probe' ? 'probe' : 'forced');
            under.push(admission);
          } else if (under.length > 0) {
            const [admission] = under.splice(next.which % under.length, 1);
            if (admission !== undefined) breaker.settle(admission, next.result, nowMs);
          }
          assert.ok(under.filter((admission) => admission === 'probe').length <= 1);
        }
      }),
    );
  });

  test('always recovers: if every request succeeds, it admits after the longest penalty', () => {
    const result = fc.constantFrom('success', 'failure', 'abandoned' as const);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3000), result), { maxLength: 100 }), (history) => {
        const breaker = make(
          { consecutiveFailures: 2, penalty: { minMs: 1000, maxMs: 8000, jitterRatio: 1 } },
          seeded(1),
        );
        let nowMs = 0;
        for (const [gapMs, outcome] of history) {
          nowMs += gapMs;
          request(breaker, nowMs, outcome);
        }
        request(breaker, nowMs + 16_000, 'success');
        assert.equal(breaker.state(nowMs + 16_000), 'admitting');
      }),
    );
  });
});

describe('how many may be out', () => {
  test('a percentage, but one of two, and never the last', () => {
    assert.equal(ejectionsMax(10, 50), 5);
    assert.equal(ejectionsMax(5, 10), 1);
    assert.equal(ejectionsMax(2, 10), 1);
    assert.equal(ejectionsMax(1, 100), 0);
    assert.equal(ejectionsMax(0, 100), 0);
    assert.equal(ejectionsMax(3, 100), 2);
    assert.equal(ejectionsMax(10, 0), 0);
  });

  test('there is always one left, and never more out than the percentage and one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 0, max: 100 }), (known, percent) => {
        let out = 0;
        while (mayEject(known, out, percent)) out += 1;
        assert.ok(out < known && out <= Math.max(1, (known * percent) / 100));
      }),
    );
  });
});
