import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type BackoffOptions, backoffMs, retryAfterMs } from './backoff.ts';
import { seeded } from './testing.ts';

const full: BackoffOptions = { baseMs: 25, maxMs: 250, jitter: 'Full' };
const decorrelated: BackoffOptions = { ...full, jitter: 'Decorrelated' };
const nearlyOne = () => 1 - 2 ** -53;
const leastChance = () => 0;

describe('back-off', () => {
  test('full jitter: from the base to a limit that doubles up to the cap', () => {
    const limits = [1, 2, 3, 4, 5, 100].map((retry) => Math.round(backoffMs(full, retry, 0, 0, nearlyOne)));
    assert.deepEqual(limits, [50, 100, 200, 250, 250, 250]);
    for (const retry of [1, 2, 5, 100]) assert.equal(backoffMs(full, retry, 0, 0, leastChance), 25);
  });

  test('decorrelated jitter: from the base to three times the wait before', () => {
    assert.equal(Math.round(backoffMs(decorrelated, 1, 0, 0, nearlyOne)), 50);
    assert.equal(Math.round(backoffMs(decorrelated, 2, 25, 0, nearlyOne)), 75);
    assert.equal(backoffMs(decorrelated, 3, 75, 0, leastChance), 25);
    assert.equal(Math.round(backoffMs(decorrelated, 3, 240, 0, nearlyOne)), 250);
  });

  test('a base above the cap is still spread: from the base to twice the base', () => {
    for (const jitter of ['Full', 'Decorrelated'] as const) {
      const options = { baseMs: 400, maxMs: 250, jitter };
      assert.equal(backoffMs(options, 1, 0, 0, leastChance), 400);
      assert.equal(Math.round(backoffMs(options, 3, 800, 0, nearlyOne)), 800);
    }
  });

  test('a Retry-After in the previous wait does not drive the next one to the cap', () => {
    assert.equal(
      backoffMs(decorrelated, 2, 60_000, 0, () => 0.1),
      25 + 0.1 * (250 - 25),
    );
  });

  test('a Retry-After longer than the base is the minimum, and jitter spreads the clients that wait for it', () => {
    const random = seeded(1);
    const waits = Array.from({ length: 50 }, () => backoffMs(full, 3, 0, 2000, random));
    for (const waitMs of waits) assert.ok(waitMs >= 2000 && waitMs <= 2175);
    assert.ok(new Set(waits.map(Math.round)).size > 20);
  });

  test('never below the base or the Retry-After, and never above those by more than the cap, whatever the numbers', () => {
    const ms = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        ms,
        ms,
        fc.constantFrom('Full' as const, 'Decorrelated' as const),
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1e9, noNaN: true }),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        fc.double({ min: 0, max: 1 - 2 ** -53, noNaN: true }),
        (baseMs, maxMs, jitter, retry, previousMs, askedMs, chance) => {
          const waitMs = backoffMs({ baseMs, maxMs, jitter }, retry, previousMs, askedMs, () => chance);
          const minimumMs = Math.max(baseMs, askedMs);
          assert.ok(waitMs >= minimumMs, `${waitMs} of at least ${minimumMs}`);
          assert.ok(waitMs <= minimumMs + Math.max(maxMs, 2 * baseMs) - baseMs + 1e-6);
        },
      ),
    );
  });
});

describe('Retry-After', () => {
  const wallMs = Date.UTC(2026, 0, 1, 12);

  test('seconds, or a date', () => {
    assert.equal(retryAfterMs('120', wallMs), 120_000);
    assert.equal(retryAfterMs('Thu, 01 Jan 2026 12:00:30 GMT', wallMs), 30_000);
    assert.equal(retryAfterMs('Thursday, 01-Jan-26 12:00:30 GMT', wallMs), 30_000);
  });

  test('absent, past or unusable values mean no wait', () => {
    for (const value of [
      undefined,
      '',
      '-1',
      '1.5',
      '0x10',
      '1 2',
      'soon',
      'Mon',
      '99999999999',
      'Thu, 01 Jan 2026 11:00:00 GMT',
    ]) {
      assert.equal(retryAfterMs(value, wallMs), 0, String(value));
    }
  });

  test('any text gives a number of milliseconds that is not negative', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.date().map(String), fc.nat().map(String)), (value) => {
        const ms = retryAfterMs(value, wallMs);
        assert.ok(Number.isFinite(ms) && ms >= 0);
      }),
    );
  });
});
