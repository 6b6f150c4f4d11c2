import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hedgeDelayMs, hedgeLeastMeasurements, hedgeWindowMs } from './hedge.ts';
import { LatencyWindow, latencyWindowError } from './latency-window.ts';

test('whatever was measured: the percentile decides how many requests go out twice, never sooner, more or later than allowed', () => {
  fc.assert(
    fc.property(
      fc.record({
        percentile: fc.double({ min: 50, max: 99.9, noNaN: true }),
        minDelayMs: fc.integer({ min: 0, max: 100 }),
        maxHedges: fc.integer({ min: 0, max: 3 }),
      }),
      fc.array(fc.double({ min: 0.1, max: 60_000, noNaN: true }), { maxLength: 400 }),
      fc.nat({ max: 4 }),
      fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 0, max: 5000 })),
      (options, latenciesMs, hedges, remainingMs) => {
        const window = new LatencyWindow(hedgeWindowMs);
        for (const latencyMs of latenciesMs) window.add(0, latencyMs);
        const delayMs = hedgeDelayMs(options, window, 0, hedges, remainingMs);
        if (hedges >= options.maxHedges || latenciesMs.length < hedgeLeastMeasurements) {
          assert.equal(delayMs, null);
          return;
        }
        const slower = (ms: number) => latenciesMs.filter((latencyMs) => latencyMs > ms).length / latenciesMs.length;
        const share = 1 - options.percentile / 100;
        if (delayMs === null) {
          // Only without time for a hedge: at the deadline more would still be in flight than allowed.
          const earliestMs = Math.max(options.minDelayMs, remainingMs / (1 + latencyWindowError));
          assert.ok(
            remainingMs <= options.minDelayMs ||
              slower(earliestMs * 0.999) > share - 1e-9 ||
              slower(remainingMs) > share - 1e-9,
          );
          return;
        }
        assert.ok(delayMs >= options.minDelayMs);
        assert.ok(delayMs < remainingMs);
        assert.ok(slower(delayMs) <= share + 1e-9, `${slower(delayMs)} of the requests would be sent twice`);
      },
    ),
  );
});
