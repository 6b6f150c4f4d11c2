import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SlidingWindow } from './sliding-window.ts';

describe('sliding window', () => {
  test('counts what is in it', () => {
    const window = new SlidingWindow(1000);
    window.add(0, true);
    window.add(500, false);
    window.add(999, false);
    assert.deepEqual([window.good(999), window.bad(999)], [1, 2]);
    assert.deepEqual([window.good(1050), window.bad(1050)], [0, 2]);
  });

  test('forgets old failures without calls in between', () => {
    const window = new SlidingWindow(1000);
    for (let n = 0; n < 50; n += 1) window.add(n, false);
    assert.equal(window.bad(1e7), 0);
    window.add(1e7, true);
    assert.deepEqual([window.good(1e7), window.bad(1e7)], [1, 0]);
  });

  test('a bucket that is reused does not bring its old counts back', () => {
    const window = new SlidingWindow(1000, 10);
    window.add(50, false);
    window.add(1050, true);
    assert.deepEqual([window.good(1050), window.bad(1050)], [1, 0]);
  });

  test('can be emptied', () => {
    const window = new SlidingWindow(1000);
    window.add(0, false);
    window.clear();
    assert.equal(window.bad(0), 0);
  });

  test('refuses a window of no length', () => {
    assert.throws(() => new SlidingWindow(0), RangeError);
    assert.throws(() => new SlidingWindow(1000, 0), RangeError);
  });

  test('is between the exact count of the window and that of the window minus one bucket', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 700 }), fc.boolean()), { minLength: 1, maxLength: 100 }),
        fc.integer({ min: 0, max: 3000 }),
        fc.integer({ min: 1, max: 20 }),
        (events, waitMs, buckets) => {
          const window = new SlidingWindow(1000, buckets);
          const seen: [number, boolean][] = [];
          let nowMs = 0;
          for (const [gapMs, good] of events) {
            nowMs += gapMs;
            window.add(nowMs, good);
            seen.push([nowMs, good]);
          }
          nowMs += waitMs;
          for (const good of [true, false]) {
            const within = (ms: number) => seen.filter(([at, which]) => which === good && nowMs - at < ms).length;
            const counted = good ? window.good(nowMs) : window.bad(nowMs);
            assert.ok(counted <= within(1000) && counted >= within(1000 - 1000 / buckets));
          }
        },
      ),
    );
  });
});
