import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { leastRequest } from './least-request.ts';
import { fakeEndpoints, seeded } from './testing.ts';
import { plainWeight } from './weights.ts';

const context = { nowMs: 0, hash: null };
const loads = fc.array(fc.nat({ max: 50 }), { minLength: 2, maxLength: 12 });

describe('LeastRequest', () => {
  test('of equal weights, never the only one with the most in flight; of two, the one with fewer', () => {
    fc.assert(
      fc.property(loads, fc.integer(), (inFlight, seed) => {
        const endpoints = fakeEndpoints(inFlight.map(() => 1));
        for (const [i, endpoint] of endpoints.entries()) endpoint.inFlight = inFlight[i] as number;
        const balancer = leastRequest(plainWeight, seeded(seed));
        const most = Math.max(...inFlight);
        const alone = inFlight.filter((count) => count === most).length === 1;
        for (let n = 0; n < 20; n += 1) {
          const picked = balancer.pick(endpoints, context);
          assert.ok(picked !== null);
          if (alone) assert.ok(picked.inFlight < most);
          if (endpoints.length === 2) assert.equal(picked.inFlight, Math.min(...inFlight));
        }
      }),
    );
  });

  test('keeps what is in flight even, whatever ends when', () => {
    const step = fc.record({ ends: fc.nat({ max: 4 }), which: fc.nat() });
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 8 }),
        fc.array(step, { maxLength: 300 }),
        fc.integer(),
        (count, steps, seed) => {
          const endpoints = fakeEndpoints(Array.from({ length: count }, () => 1));
          const balancer = leastRequest(plainWeight, seeded(seed));
          for (const { ends, which } of steps) {
            const before = endpoints.map(({ inFlight }) => inFlight);
            const picked = balancer.pick(endpoints, context);
            assert.ok(picked !== null);
            picked.inFlight += 1;
            // The busiest gets one only if others are as busy: the choices never widen the gap.
            assert.ok(picked.inFlight <= Math.max(...before) + 1);
            if (
              Math.max(...before) > Math.min(...before) &&
              before.filter((n) => n === Math.max(...before)).length === 1
            ) {
              assert.ok(picked.inFlight <= Math.max(...before));
            }
            for (let n = 0; n < ends; n += 1) {
              const ending = endpoints[(which + n) % count];
              if (ending !== undefined && ending.inFlight > 0) ending.inFlight -= 1;
            }
          }
        },
      ),
    );
  });
});
