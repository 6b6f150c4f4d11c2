import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { coldCostMs, PeakEwma } from './peak-ewma.ts';

const options = { decayMs: 10_000, failurePenaltyMs: 5000, maxRetryAfterMs: 300_000 };
const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-6, `${actual} is not ${expected}`);

/** An estimate that has been measured once. */
function measured(latencyMs: number, nowMs = 0): PeakEwma {
  const ewma = new PeakEwma(options, nowMs);
  ewma.started(nowMs);
  ewma.observe(nowMs, latencyMs, 'success', 0);
  return ewma;
}

describe('latency', () => {
  test('a slow reply counts at once, and decays slowly', () => {
    const ewma = measured(10);
    ewma.observe(1, 2000, 'success', 0);
    assert.equal(ewma.latencyMs(1), 2000);
    ewma.observe(10_001, 10, 'success', 0);
    near(ewma.latencyMs(10_001), 2000 / Math.E + 10 * (1 - 1 / Math.E));
  });

  test('the first measurement stands alone', () => {
    assert.equal(measured(2).latencyMs(0), 2);
  });

  test('decays while nothing is measured, so that a slow endpoint is tried again', () => {
    near(measured(2000).latencyMs(10_000), 2000 / Math.E);
  });

  test('silence counts as soon as it is longer than the average', () => {
    const ewma = measured(20);
    ewma.started(100);
    assert.ok(ewma.latencyMs(110) < 20);
    assert.equal(ewma.latencyMs(600), 500);
    ewma.started(650);
    assert.equal(ewma.latencyMs(700), 600, 'a second request does not hide that the first one waits');
    ewma.observe(700, 600, 'success', 0);
    assert.equal(ewma.latencyMs(700), 600);
  });

  test('an aborted attempt raises the estimate, and never lowers it', () => {
    const ewma = measured(20);
    ewma.started(0);
    ewma.observe(400, 400, 'abandoned', 0);
    assert.equal(ewma.latencyMs(400), 400);
    ewma.started(400);
    ewma.observe(401, 1, 'abandoned', 0);
    assert.ok(ewma.latencyMs(401) > 399);
  });

  test('stays between the lowest and the highest measurement at the moment of each, whatever the times', () => {
    const latency = fc.double({ min: 0.01, max: 60_000, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(latency, fc.integer({ min: -5, max: 10_000 })), { minLength: 1 }), (observed) => {
        const ewma = new PeakEwma(options, 0);
        let nowMs = 0;
        let lowest = Number.POSITIVE_INFINITY;
        let highest = 0;
        for (const [latencyMs, gapMs] of observed) {
          nowMs += gapMs;
          lowest = Math.min(lowest, latencyMs);
          highest = Math.max(highest, latencyMs);
          ewma.started(nowMs);
          ewma.observe(nowMs, latencyMs, 'success', 0);
          assert.ok(ewma.latencyMs(nowMs) <= highest + 1e-6 && ewma.latencyMs(nowMs) >= lowest - 1e-6);
        }
        assert.ok(ewma.latencyMs(nowMs + 1e9) < 1e-6);
      }),
    );
  });
});

describe('cost', () => {
  test('is the latency times the requests in front, in relation to the weight', () => {
    const ewma = measured(10);
    assert.equal(ewma.costMs(0, 0, 1), 10);
    assert.equal(ewma.costMs(0, 3, 1), 40);
    assert.equal(ewma.costMs(0, 6, 2), 40);
  });

  test('an endpoint without measurements gets one request, and no more before its reply', () => {
    const ewma = new PeakEwma(options, 0);
    assert.equal(ewma.costMs(0, 0, 1), 0, 'before any measured endpoint, however fast that is');
    ewma.started(0);
    assert.ok(ewma.costMs(0, 1, 1) > coldCostMs);
    assert.ok(ewma.costMs(0, 2, 1) > ewma.costMs(0, 1, 1), 'among unmeasured endpoints the least busy is cheapest');
  });

  test('an endpoint whose measurement has decayed, too; otherwise all requests would find out together that it is still slow', () => {
    const ewma = measured(1500);
    const laterMs = options.decayMs + 1;
    assert.ok(ewma.costMs(laterMs, 0, 1) < 1500, 'it is used again');
    ewma.started(laterMs);
    assert.ok(ewma.costMs(laterMs, 1, 1) > coldCostMs);
    ewma.observe(laterMs + 10, 10, 'success', 0);
    ewma.started(laterMs + 10);
    assert.ok(ewma.costMs(laterMs + 10, 1, 1) < 2 * 1500);
    // Not for a download that goes on: its head has been measured.
    assert.ok(measured(10).costMs(laterMs, 1, 1) < coldCostMs);
  });

  test('rises with every request in flight, and is a number above 0 wherever the latency is', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 1e6, noNaN: true }),
        fc.nat(10_000),
        fc.double({ min: 0.001, max: 100, noNaN: true }),
        (latencyMs, inFlight, share) => {
          const ewma = measured(latencyMs);
          const cost = ewma.costMs(0, inFlight, share);
          assert.ok(Number.isFinite(cost) && cost > 0 && ewma.costMs(0, inFlight + 1, share) > cost);
        },
      ),
    );
  });
});

describe('failures', () => {
  const failFast = (ewma: PeakEwma, nowMs: number, retryAfterMs = 0) => {
    ewma.started(nowMs);
    ewma.observe(nowMs + 1, 1, 'failure', retryAfterMs);
  };

  test('make an endpoint more expensive at once, however fast they come', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 5000, noNaN: true }),
        fc.integer({ min: 1, max: 50 }),
        (latencyMs, count) => {
          const ewma = measured(latencyMs);
          const before = ewma.costMs(0, 0, 1);
          for (let n = 0; n < count; n += 1) failFast(ewma, n);
          assert.ok(ewma.costMs(count, 0, 1) > before * (1 + count * 0.9));
        },
      ),
    );
  });

  test('an endpoint that always fails keeps its cost', () => {
    const ewma = measured(30);
    for (let nowMs = 0; nowMs < 200_000; nowMs += 1000) failFast(ewma, nowMs);
    assert.ok(ewma.costMs(200_000, 0, 1) > 100);
  });

  test('one that has never succeeded counts as slow as the penalty', () => {
    const ewma = new PeakEwma(options, 0);
    failFast(ewma, 0);
    assert.equal(ewma.latencyMs(1), 5000);
  });

  test('are forgotten with the time constant of the penalty', () => {
    const ewma = measured(10);
    failFast(ewma, 0);
    near(ewma.costMs(5001, 0, 1) / ewma.latencyMs(5001), 1 + 1 / Math.E);
  });

  test('rare ones hardly matter: one in a thousand at 100 a second', () => {
    const ewma = measured(10);
    for (let n = 0; n < 5000; n += 1) {
      ewma.started(n * 10);
      ewma.observe(n * 10, 10, n % 1000 === 0 ? 'failure' : 'success', 0);
    }
    assert.ok(ewma.costMs(49_990, 0, 1) < 15);
  });

  test('count as their duration if the penalty is 0', () => {
    const ewma = new PeakEwma({ ...options, failurePenaltyMs: 0 }, 0);
    failFast(ewma, 0);
    assert.equal(ewma.costMs(1, 0, 1), 1);
  });

  test('Retry-After is waiting time, up to its maximum', () => {
    const ewma = measured(10);
    failFast(ewma, 0, 20_000);
    assert.ok(ewma.costMs(1, 0, 1) > 20_000);
    assert.ok(ewma.costMs(20_002, 0, 1) < 20);
    failFast(ewma, 30_000, 9e9);
    assert.ok(ewma.costMs(30_001, 0, 1) < 300_100);
  });

  test('are forgiven when a probe succeeds', () => {
    const ewma = measured(10);
    for (let n = 0; n < 20; n += 1) failFast(ewma, n, 60_000);
    ewma.forgive(30);
    assert.equal(ewma.costMs(30, 0, 1), 0, 'used at once');
  });
});
