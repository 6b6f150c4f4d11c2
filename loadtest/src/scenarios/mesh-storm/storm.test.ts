import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyRun } from '../../measure/run.ts';
import { summarize } from '../../proof/stage.ts';
import { verdictOf } from '../../proof/verdict.ts';
import { type Storm, stormChecks } from './checks.ts';
import { amplificationBound } from './contenders.ts';

const storm = (name: string, third: number, failed: number, over: Partial<Storm> = {}): Storm => {
  const latencyMs = new Array<number>(1000 - failed).fill(10);
  const run = {
    ...emptyRun(),
    latencyMs,
    atMs: latencyMs.map((_, i) => i),
    durationMs: 1000,
    errors: { 'status 503': failed },
  };
  const window = { run, cpuUs: {}, residentBytes: {}, othersCpuUs: null, lookMs: 1000 };
  return {
    stage: summarize({ name, driver: 'open-loop', connections: 1, offeredPerSecond: 200, ours: [] }, [window]),
    load: { first: 1, second: 1, third },
    recoveryMs: 0,
    ...over,
  };
};
const good = [
  storm('no-retries', 1, 500),
  storm('naive-retries', 2, 0),
  storm('budget-each-hop', 1.9, 10),
  storm('budget', 1.25, 250),
];
const holds = (storms: readonly Storm[], bound = 1.3) => verdictOf(stormChecks(storms, bound)).outcome === 'pass';
const instead = (one: Storm) => good.map((other) => (other.stage.name === one.stage.name ? one : other));

test('the most that a budget allows: a fifth of what came since it was empty, and its floor', () => {
  // 5 s at 200 a second, and 2 s before: 280 paid in, 100 of the floor.
  assert.equal(amplificationBound(200, 2000, 5000), 1 + 380 / 1000);
  // 20 s: the floor is forgotten after 9 s, so that it is there three times.
  assert.equal(amplificationBound(200, 0, 20_000), 1 + (800 + 300) / 4000);
});

test('a storm that stays within the budget holds', () => {
  assert.ok(holds(good));
});

test('it fails where the load is above the bound, or more than one hop tries again', () => {
  assert.ok(!holds(instead(storm('budget', 1.35, 250))));
  assert.ok(!holds(instead(storm('budget', 1.25, 250, { load: { first: 1, second: 1.1, third: 1.25 } }))));
});

test('it fails where retries gain nothing, naive ones cost nothing, or recovery takes long', () => {
  assert.ok(!holds(instead(storm('budget', 1.25, 500))));
  assert.ok(!holds(instead(storm('naive-retries', 1.1, 0))));
  assert.ok(!holds(instead(storm('budget', 1.25, 250, { recoveryMs: 1500 }))));
});

test('it fails where a contender was not measured', () => {
  for (const missing of good) assert.ok(!holds(good.filter((storm) => storm !== missing)), missing.stage.name);
});
