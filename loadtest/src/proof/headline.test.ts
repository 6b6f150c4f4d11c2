import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyRun } from '../measure/run.ts';
import { faster, fewerFailures, ratioOf } from './headline.ts';
import { summarize } from './stage.ts';

const stage = (failed: number) => {
  const latencyMs = new Array<number>(1000 - failed).fill(10);
  const run = { ...emptyRun(), latencyMs, atMs: latencyMs, durationMs: 1000, errors: { 'status 503': failed } };
  const window = { run, cpuUs: {}, residentBytes: {}, othersCpuUs: null, lookMs: 1000 };
  return summarize({ name: 'x', driver: 'open-loop', connections: 1, ours: [] }, [window]);
};

test('a headline says how much faster, and from what to what', () => {
  assert.deepEqual(faster('p50:', 415, 0.344), { figure: '1,206 times faster', change: 'p50: 415 ms → 0.34 ms' });
  assert.equal(faster('p50:', 1, 2).figure, '2 times slower', 'a loss is not called a gain');
});

test('a headline without figures claims nothing', () => {
  for (const missing of [null, undefined, Number.NaN, 0]) {
    assert.equal(faster('p50:', 415, missing).figure, 'no figure');
    assert.equal(faster('p50:', missing, 1).figure, 'no figure');
    assert.equal(ratioOf(missing ?? undefined, 3, 'x', 'y').figure, 'no figure');
  }
  assert.equal(fewerFailures(undefined, stage(0)).figure, 'no figure');
});

test('a headline of failures: fewer, none, or more', () => {
  assert.deepEqual(fewerFailures(stage(40), stage(5)), {
    figure: '8 times fewer failures',
    change: '4 % → 0.5 % of requests failed',
  });
  assert.equal(fewerFailures(stage(40), stage(0)).figure, 'no request lost');
  assert.equal(fewerFailures(stage(5), stage(40)).figure, '8 times more failures');
});
