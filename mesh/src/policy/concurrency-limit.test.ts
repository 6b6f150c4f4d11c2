import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ConcurrencyLimit } from './concurrency-limit.ts';

describe('concurrency limit', () => {
  test('admits up to the limit, then queues, then sheds', () => {
    const limit = new ConcurrencyLimit<string>({ maxInFlight: 1, maxQueued: 1 });
    assert.equal(limit.tryEnter(), true);
    assert.equal(limit.tryEnter(), false);
    assert.equal(limit.tryQueue('a'), true);
    assert.equal(limit.tryQueue('b'), false);
    assert.deepEqual([limit.inFlight, limit.queued], [1, 1]);
  });

  test('a request that ends hands its place to the one that waits longest', () => {
    const limit = new ConcurrencyLimit<string>({ maxInFlight: 1, maxQueued: 3 });
    limit.tryEnter();
    for (const waiter of ['a', 'b', 'c']) limit.tryQueue(waiter);
    assert.equal(limit.withdraw('a'), true);
    assert.equal(limit.leave(), 'b');
    assert.equal(limit.inFlight, 1);
    assert.equal(limit.withdraw('b'), false, 'it has its place already');
    assert.equal(limit.leave(), 'c');
    assert.equal(limit.leave(), null);
    assert.equal(limit.inFlight, 0);
  });

  test('no request overtakes the queue', () => {
    const limit = new ConcurrencyLimit<string>({ maxInFlight: 1, maxQueued: 3 });
    limit.tryEnter();
    limit.tryQueue('a');
    limit.leave();
    assert.equal(limit.tryEnter(), false, 'the place is a’s');
  });

  test('more places wake as many as fit; fewer places end no request', () => {
    const limit = new ConcurrencyLimit<string>({ maxInFlight: 1, maxQueued: 3 });
    limit.tryEnter();
    for (const waiter of ['a', 'b', 'c']) limit.tryQueue(waiter);
    assert.deepEqual(limit.resize({ maxInFlight: 3, maxQueued: 3 }), ['a', 'b']);
    assert.deepEqual(limit.resize({ maxInFlight: 1, maxQueued: 0 }), []);
    assert.deepEqual([limit.inFlight, limit.queued], [3, 1]);
    assert.equal(limit.leave(), null);
  });

  test('never more in flight or queued than allowed, no place lost, all requests served in order', () => {
    const step = fc.constantFrom('arrive', 'leave', 'withdraw' as const);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 5 }),
        fc.array(step, { maxLength: 200 }),
        (maxInFlight, maxQueued, steps) => {
          const limit = new ConcurrencyLimit<number>({ maxInFlight, maxQueued });
          let arrived = 0;
          let inside = 0;
          let waiting: number[] = [];
          for (const next of steps) {
            if (next === 'arrive') {
              arrived += 1;
              if (limit.tryEnter()) inside += 1;
              else if (limit.tryQueue(arrived)) waiting.push(arrived);
              else assert.equal(waiting.length, maxQueued);
            } else if (next === 'leave' && inside > 0) {
              const woken = limit.leave();
              assert.equal(woken, waiting.shift() ?? null);
              if (woken === null) inside -= 1;
            } else if (next === 'withdraw' && waiting.length > 0) {
              const gone = waiting.at(-1) as number;
              assert.equal(limit.withdraw(gone), true);
              waiting = waiting.slice(0, -1);
            }
            assert.deepEqual([limit.inFlight, limit.queued], [inside, waiting.length]);
            assert.ok(inside <= maxInFlight && waiting.length <= maxQueued);
            assert.ok(waiting.length === 0 || inside === maxInFlight, 'no request waits beside a free place');
          }
        },
      ),
    );
  });
});
