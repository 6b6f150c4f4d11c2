import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ClientRateLimit, retryAfterSeconds, TokenBucket } from './rate-limit.ts';

const rate = fc.double({ min: 0.01, max: 10_000, noNaN: true });
const burst = fc.integer({ min: 1, max: 100 });

describe('token bucket', () => {
  test('a burst at once, then at the rate', () => {
    const bucket = new TokenBucket();
    const options = { requestsPerSecond: 2, burst: 3 };
    assert.deepEqual(
      [0, 0, 0, 0].map((nowMs) => bucket.take(nowMs, options)),
      [0, 0, 0, 500],
    );
    assert.equal(bucket.take(499, options), 1);
    assert.equal(bucket.take(500, options), 0);
    assert.equal(bucket.take(500, options), 500);
  });

  test('a refused request costs nothing', () => {
    const bucket = new TokenBucket();
    const options = { requestsPerSecond: 1, burst: 1 };
    bucket.take(0, options);
    for (let nowMs = 0; nowMs < 1000; nowMs += 1) assert.ok(bucket.take(nowMs, options) > 0);
    assert.equal(bucket.take(1000, options), 0);
  });

  test('in any stretch of time at most the burst and the rate, in any order of requests', () => {
    fc.assert(
      fc.property(
        rate,
        burst,
        fc.array(fc.double({ min: 0, max: 500, noNaN: true }), { maxLength: 200 }),
        (perSecond, size, gaps) => {
          const bucket = new TokenBucket();
          const options = { requestsPerSecond: perSecond, burst: size };
          const taken: number[] = [];
          let nowMs = 0;
          for (const gapMs of gaps) {
            nowMs += gapMs;
            if (bucket.take(nowMs, options) === 0) taken.push(nowMs);
          }
          for (const [from, startMs] of taken.entries()) {
            for (let to = from; to < taken.length; to += 1) {
              const allowed = size + ((taken[to] as number) - startMs) * (perSecond / 1000);
              assert.ok(to - from + 1 <= allowed + 1e-6);
            }
          }
        },
      ),
    );
  });

  test('a client exactly at the rate is never refused, also at a fractional rate', () => {
    fc.assert(
      fc.property(rate, (perSecond) => {
        const bucket = new TokenBucket();
        for (let n = 0; n < 500; n += 1) {
          assert.equal(bucket.take((n * 1000) / perSecond, { requestsPerSecond: perSecond, burst: 1 }), 0);
        }
      }),
    );
  });

  test('the wait that it returns is exact', () => {
    fc.assert(
      fc.property(rate, burst, (perSecond, size) => {
        const bucket = new TokenBucket();
        const options = { requestsPerSecond: perSecond, burst: size };
        for (let n = 0; n < size; n += 1) assert.equal(bucket.take(0, options), 0);
        const waitMs = bucket.take(0, options);
        assert.ok(waitMs > 0 && bucket.take(waitMs * 0.99, options) > 0);
        assert.equal(bucket.take(waitMs, options), 0);
      }),
    );
  });

  test('is full again after the burst has been refilled', () => {
    const bucket = new TokenBucket();
    assert.equal(bucket.isFull(0), true);
    bucket.take(0, { requestsPerSecond: 1, burst: 5 });
    assert.deepEqual([bucket.isFull(999), bucket.isFull(1000)], [false, true]);
  });
});

describe('a limit for each client', () => {
  const options = { requestsPerSecond: 1, burst: 1 };

  test('one client does not use up another’s share', () => {
    const limit = new ClientRateLimit(options);
    assert.equal(limit.take('a', 0), 0);
    assert.ok(limit.take('a', 0) > 0);
    assert.equal(limit.take('b', 0), 0);
  });

  test('forgets the client that was away longest, and no recent client', () => {
    const limit = new ClientRateLimit(options, 2);
    limit.take('a', 0);
    limit.take('b', 0);
    limit.take('a', 0);
    limit.take('c', 0);
    assert.ok(limit.take('a', 0) > 0, 'a was here later than b');
    assert.equal(limit.take('b', 0), 0, 'b has been forgotten');
  });

  test('remembers at most the maximum of clients, and at least the last half of that, whatever keys come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(40), { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 2, max: 20 }),
        (keys, max) => {
          const limit = new ClientRateLimit(options, max);
          for (const key of keys) limit.take(String(key), 0);
          assert.ok(limit.clients <= max);
          const lately = [...new Set([...keys].reverse())].slice(0, Math.floor(max / 2));
          // From the oldest on, so that a check does not push out a client that is still to be checked.
          for (const key of lately.reverse()) assert.ok(limit.take(String(key), 0) > 0);
        },
      ),
    );
  });
});

test('Retry-After is whole seconds, at least one', () => {
  assert.deepEqual([0.1, 999, 1000, 1001].map(retryAfterSeconds), [1, 1, 1, 2]);
});
