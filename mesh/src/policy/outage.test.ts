import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Outage, outageFailuresMin, outageMemoryMs, outageMinMs } from './outage.ts';

const [one, two] = [{ id: 'one' }, { id: 'two' }];
const both = [one, two];

/** A service that has been failing at every endpoint for as long as it takes. */
function out(): { outage: Outage<object>; nowMs: number } {
  const outage = new Outage<object>();
  for (let i = 0; i < outageFailuresMin; i += 1) outage.failed(i % 2 === 0 ? one : two, 0);
  return { outage, nowMs: outageMinMs };
}

describe('an outage', () => {
  test('is when every endpoint fails, for a while', () => {
    const { outage, nowMs } = out();
    assert.equal(outage.isOut(both, nowMs - 1), false);
    assert.equal(outage.isOut(both, nowMs), true);
  });

  test('is over while one endpoint has not failed, or not recently', () => {
    const { outage, nowMs } = out();
    assert.equal(outage.isOut([...both, {}], nowMs), false);
    outage.succeeded(two, nowMs);
    for (let i = 0; i < 100; i += 1) outage.failed(one, nowMs);
    assert.equal(outage.isOut(both, nowMs + outageMinMs), false);
    assert.equal(outage.isOut([one], nowMs + outageMinMs), true);
  });

  test('does not begin with few failures, however long they go on', () => {
    const outage = new Outage<object>();
    for (let i = 0; i < outageFailuresMin - 1; i += 1) outage.failed(one, i * 1000);
    assert.equal(outage.isOut([one], 10_000), false);
  });

  test('ends with three successes, however long it has been', () => {
    const { outage, nowMs } = out();
    for (let i = 0; i < 10_000; i += 1) outage.failed(one, nowMs);
    outage.failed(two, nowMs);
    for (let i = 0; i < 3; i += 1) outage.succeeded(one, nowMs);
    outage.failed(one, nowMs);
    assert.equal(outage.isOut(both, nowMs + outageMinMs), false);
  });

  test('is forgotten after a long time without a failure', () => {
    const { outage } = out();
    assert.equal(outage.isOut(both, outageMemoryMs + 1), false);
    outage.failed(one, outageMemoryMs + 1);
    assert.equal(outage.suspected, false);
  });
});
