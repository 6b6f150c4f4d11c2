import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { deadlineAtMs, deadlineMaxMs, formatDeadline, hasExpired, parseDeadline } from './deadline.ts';

const none = Number.POSITIVE_INFINITY;

describe('the deadline header', () => {
  test('whole milliseconds; the strictest of several', () => {
    assert.equal(parseDeadline('1500'), 1500);
    assert.equal(parseDeadline('0'), 0);
    assert.equal(parseDeadline('900, 200,  500'), 200);
    assert.equal(parseDeadline('99999999999'), deadlineMaxMs);
  });

  test('a value that is no number of milliseconds limits nothing', () => {
    for (const value of [
      undefined,
      '',
      ' ',
      '-5',
      '1.5',
      '1e3',
      '10ms',
      '0x10',
      '٣',
      '9'.repeat(16),
      '1,'.repeat(200),
    ]) {
      assert.equal(parseDeadline(value), null, String(value));
    }
    assert.equal(parseDeadline('soon, 100'), 100);
  });

  test('any text is null, or from 0 to a day', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const ms = parseDeadline(value);
        assert.ok(ms === null || (Number.isInteger(ms) && ms >= 0 && ms <= deadlineMaxMs));
      }),
    );
  });
});

describe('a deadline on its way', () => {
  test('is the earlier one of the caller’s and the route’s', () => {
    assert.equal(deadlineAtMs(1000, 500, 300), 1300);
    assert.equal(deadlineAtMs(1000, 200, 300), 1200);
    assert.equal(deadlineAtMs(1000, null, 300), 1300);
    assert.equal(deadlineAtMs(1000, 200, 0), 1200);
    assert.equal(deadlineAtMs(1000, null, 0), none);
  });

  test('has expired at its moment', () => {
    assert.deepEqual([hasExpired(100, 99.9), hasExpired(100, 100), hasExpired(none, 1e15)], [false, true, false]);
    assert.equal(hasExpired(deadlineAtMs(50, 0, 1000), 50), true);
  });

  test('is not written if there is none', () => {
    assert.equal(formatDeadline(none, 0), null);
  });

  test('gets shorter with every hop, and the remaining time never grows', () => {
    const spent = fc.double({ min: 0, max: 500, noNaN: true });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.array(spent, { minLength: 1, maxLength: 10 }),
        (givenMs, hops) => {
          let header: string | null = String(givenMs);
          let nowMs = 12_345.678;
          let left = givenMs;
          for (const spentMs of hops) {
            // Each hop has a clock of its own: only differences count.
            const atMs = deadlineAtMs(nowMs, parseDeadline(header ?? undefined), 0);
            header = formatDeadline(atMs, nowMs + spentMs);
            const next = Number(header);
            assert.ok(next === 1 || next <= left - spentMs + 1e-6);
            left = next;
            nowMs = nowMs * 3 + 17;
          }
        },
      ),
    );
  });
});
