import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { hedgeDelayMs, hedgeLeastMeasurements } from './hedge.ts';
import { LatencyWindow, latencyWindowError } from './latency-window.ts';

describe('latency window', () => {
  test('a percentile is at most 10 percent too high, and never too low', () => {
    const latency = fc.double({ min: 0.2, max: 200_000, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(latency, { minLength: 1, maxLength: 300 }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        (latencies, percent) => {
          const window = new LatencyWindow(10_000);
          for (const ms of latencies) window.add(0, ms);
          const sorted = [...latencies].sort((a, b) => a - b);
          const exact = sorted[Math.max(1, Math.ceil((percent / 100) * sorted.length)) - 1] as number;
          const found = window.percentileMs(0, percent) as number;
          assert.ok(found >= exact * (1 - 1e-9) && found <= exact * (1 + latencyWindowError) * (1 + 1e-9));
        },
      ),
    );
  });

  test('counts what is in the window, to one stretch, in any order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 100 }),
        fc.integer({ min: 0, max: 3000 }),
        (gaps, waitMs) => {
          const window = new LatencyWindow(1000);
          const times: number[] = [];
          let nowMs = 0;
          for (const gapMs of gaps) {
            nowMs += gapMs;
            times.push(nowMs);
            window.add(nowMs, 5);
          }
          nowMs += waitMs;
          const within = (ms: number) => times.filter((at) => nowMs - at < ms).length;
          assert.ok(window.count(nowMs) <= within(1000) && window.count(nowMs) >= within(800));
        },
      ),
    );
  });

  test('forgets without calls in between', () => {
    const window = new LatencyWindow(10_000);
    for (let n = 0; n < 100; n += 1) window.add(0, 1000);
    window.add(1e8, 10);
    assert.equal(window.count(1e8), 1);
    assert.ok((window.percentileMs(1e8, 100) as number) < 12);
    assert.equal(window.percentileMs(1e9, 50), null);
  });

  test('extremes have a bucket, and a value that is no number counts as fast', () => {
    const window = new LatencyWindow(1000);
    for (const ms of [0, -1, 1e12, Number.POSITIVE_INFINITY, Number.NaN]) window.add(0, ms);
    assert.equal(window.count(0), 5);
    assert.ok((window.percentileMs(0, 100) as number) >= 300_000);
  });

  test('with too few measurements there is no percentile', () => {
    const window = new LatencyWindow(1000);
    window.add(0, 5);
    assert.equal(window.percentileMs(0, 95, 2), null);
    assert.throws(() => new LatencyWindow(0), RangeError);
  });
});

describe('hedging', () => {
  const options = { percentile: 95, minDelayMs: 5, maxHedges: 1 };
  const never = Number.POSITIVE_INFINITY;

  /** 96 fast ones and 4 slow ones. */
  function measured(fastMs: number, times = 1): LatencyWindow {
    const window = new LatencyWindow(10_000);
    for (let n = 0; n < hedgeLeastMeasurements * times; n += 1) window.add(0, n % 25 === 0 ? 1000 : fastMs);
    return window;
  }

  test('after the percentile of the service’s own latency', () => {
    const delayMs = hedgeDelayMs(options, measured(40), 0, 0, never) as number;
    assert.ok(delayMs >= 40 && delayMs <= 44);
  });

  test('never sooner than the minimum delay', () => {
    assert.equal(hedgeDelayMs(options, measured(1), 0, 0, never), 5);
  });

  test('not without enough measurements, not more often than allowed, not past the deadline', () => {
    assert.equal(hedgeDelayMs(options, new LatencyWindow(1000), 0, 0, never), null);
    assert.equal(hedgeDelayMs(options, measured(40), 1e6, 0, never), null, 'they are too old');
    assert.equal(hedgeDelayMs(options, measured(40), 0, 1, never), null);
    assert.equal(hedgeDelayMs(options, measured(40), 0, 0, 40), null);
  });
});
