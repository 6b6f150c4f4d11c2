import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import fc from 'fast-check';
import { TimerWheel } from './timer-wheel.ts';

/** A wheel with the time of the test. */
function wheel(): { timers: TimerWheel; advance: (ms: number) => void; now: () => number } {
  let nowMs = 0.5;
  const timers = new TimerWheel(() => nowMs);
  const advance = (ms: number) => {
    for (let left = ms; left > 0; left -= 10) {
      nowMs += Math.min(10, left);
      mock.timers.tick(Math.min(10, left));
    }
  };
  return { timers, advance, now: () => nowMs };
}

function withoutTime(run: () => void): void {
  mock.timers.enable({ apis: ['setInterval'] });
  try {
    run();
  } finally {
    mock.timers.reset();
  }
}

test('timers run once, never early, at most two ticks late, unless they are canceled', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ delayMs: fc.integer({ min: 0, max: 20_000 }), calledOff: fc.boolean(), atMs: fc.nat(5000) }),
        {
          maxLength: 30,
        },
      ),
      (plans) =>
        withoutTime(() => {
          const { timers, advance, now } = wheel();
          const ran: (number | null)[] = plans.map(() => null);
          const set: number[] = [];
          for (const [n, { delayMs, atMs, calledOff }] of plans.entries()) {
            advance(atMs / plans.length);
            set[n] = now();
            const cancel = timers.after(delayMs, () => {
              assert.equal(ran[n], null);
              ran[n] = now();
            });
            if (calledOff && ran[n] === null) {
              cancel();
              cancel();
            }
          }
          advance(25_000);
          assert.equal(timers.pending, 0);
          for (const [n, { delayMs, calledOff }] of plans.entries()) {
            const tookMs = (ran[n] ?? Number.NaN) - (set[n] ?? 0);
            if (calledOff) assert.equal(ran[n], null);
            else assert.ok(tookMs >= delayMs && tookMs <= delayMs + 20.5, `${delayMs} ms took ${tookMs} ms`);
          }
        }),
    ),
    { numRuns: 50 },
  );
});

test('after a stop of the whole process due timers run, in order, and others do not', () =>
  withoutTime(() => {
    let nowMs = 0;
    const timers = new TimerWheel(() => nowMs);
    const ran: number[] = [];
    for (const delayMs of [9000, 100, 70_000, 5000]) timers.after(delayMs, () => ran.push(delayMs));
    nowMs = 60_000;
    mock.timers.tick(10);
    assert.deepEqual(ran, [100, 5000, 9000]);
    assert.equal(timers.pending, 1);
  }));

test('a timer may set and cancel others as it runs', () =>
  withoutTime(() => {
    const { timers, advance } = wheel();
    const ran: string[] = [];
    let cancel = () => {};
    timers.after(100, () => {
      ran.push('first');
      cancel();
      timers.after(50, () => ran.push('third'));
    });
    cancel = timers.after(100, () => ran.push('second'));
    advance(1000);
    assert.deepEqual(ran, ['first', 'third']);
  }));

test('without timers there is no tick', () => {
  const timers = new TimerWheel(() => performance.now());
  timers.after(50_000, () => {})();
  // The process of this test ends: no timer keeps it alive.
  assert.equal(timers.pending, 0);
});
