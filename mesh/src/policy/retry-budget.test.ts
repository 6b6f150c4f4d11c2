import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { RetryBudget, type RetryBudgetOptions } from './retry-budget.ts';

const options: RetryBudgetOptions = { percent: 20, minRetriesPerSecond: 10, ttlMs: 10_000 };

/** The retries that are left now. */
function drain(budget: RetryBudget, nowMs: number): number {
  let count = 0;
  while (count < 100_000 && budget.tryWithdraw(nowMs)) count += 1;
  return count;
}

describe('retry budget', () => {
  test('the minimum, and a fifth of the requests', () => {
    const budget = new RetryBudget(options);
    assert.equal(budget.available(0), 100);
    for (let n = 0; n < 50; n += 1) budget.deposit(0);
    assert.equal(budget.available(0), 110);
    assert.equal(drain(budget, 0), 110);
    assert.equal(budget.tryWithdraw(0), false);
  });

  test('without a minimum, nothing before there were requests', () => {
    const budget = new RetryBudget({ ...options, minRetriesPerSecond: 0 });
    for (let n = 0; n < 4; n += 1) budget.deposit(0);
    assert.equal(budget.tryWithdraw(0), false);
    budget.deposit(0);
    assert.equal(budget.tryWithdraw(0), true);
    assert.equal(budget.tryWithdraw(0), false);
  });

  test('requests and retries are forgotten after the time to live, also without calls in between', () => {
    const budget = new RetryBudget(options);
    for (let n = 0; n < 500; n += 1) budget.deposit(0);
    assert.equal(budget.available(9999), 200);
    assert.equal(budget.available(10_000), 100);
    drain(budget, 10_000);
    assert.equal(budget.tryWithdraw(19_999), false);
    assert.equal(budget.available(1e9), 100);
  });

  test('retries outlive the requests that paid for them', () => {
    const budget = new RetryBudget(options);
    for (let n = 0; n < 500; n += 1) budget.deposit(0);
    assert.equal(drain(budget, 9000), 200);
    assert.equal(drain(budget, 12_000), 0, 'the requests are forgotten, the retries are not');
  });

  test('a fractional percentage adds up', () => {
    const budget = new RetryBudget({ ...options, percent: 0.1, minRetriesPerSecond: 0 });
    for (let n = 0; n < 1000; n += 1) budget.deposit(0);
    assert.equal(drain(budget, 0), 1);
  });

  test('under total failure, whatever is configured, retries stay within the percentage and the minimum', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.double({ min: 0, max: 50, noNaN: true }),
        fc.integer({ min: 1000, max: 60_000 }),
        fc.integer({ min: 1, max: 10 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 40 })), {
          minLength: 1,
          maxLength: 60,
        }),
        (percent, minRetriesPerSecond, ttlMs, attempts, bursts) => {
          const budget = new RetryBudget({ percent, minRetriesPerSecond, ttlMs });
          let nowMs = 0;
          let requests = 0;
          let retries = 0;
          for (const [gapMs, count] of bursts) {
            nowMs += gapMs;
            for (let n = 0; n < count; n += 1) {
              requests += 1;
              budget.deposit(nowMs);
              for (let retry = 0; retry < attempts && budget.tryWithdraw(nowMs); retry += 1) retries += 1;
            }
            // The minimum also counts for the time to live before the start: that is the first burst.
            const allowed =
              (percent / 100) * requests + (minRetriesPerSecond / 1000) * ttlMs * (Math.floor(nowMs / ttlMs) + 1);
            assert.ok(retries <= allowed + 1e-3, `${retries} retries of ${requests} requests, ${allowed} allowed`);
          }
        },
      ),
    );
  });

  test('a service that fails for 20 s gets at most 1.2 times its load and the minimum', () => {
    const budget = new RetryBudget(options);
    let retries = 0;
    for (let nowMs = 0; nowMs < 20_000; nowMs += 1) {
      budget.deposit(nowMs);
      for (let retry = 0; retry < 3 && budget.tryWithdraw(nowMs); retry += 1) retries += 1;
    }
    assert.ok(retries <= 20_000 * 0.2 + 200, String(retries));
    assert.ok(retries >= 20_000 * 0.19, 'and it gets as many as allowed');
  });
});
