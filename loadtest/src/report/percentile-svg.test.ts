import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { emptyRun } from '../measure/run.ts';
import { summarize } from '../proof/stage.ts';
import { percentileCurves, ticksOf } from './percentile-svg.ts';

const stage = (name: string, offeredPerSecond?: number, errors: Record<string, number> = {}, longestFailedMs = 0) => {
  const latencyMs = Array.from({ length: 100 }, (_, i) => 1 + i / 10);
  const run = { ...emptyRun(), latencyMs, atMs: latencyMs, durationMs: 1000, errors, longestFailedMs };
  const driver = offeredPerSecond === undefined ? 'autocannon' : 'open-loop';
  const load = offeredPerSecond === undefined ? {} : { offeredPerSecond };
  return summarize({ name, driver, connections: 8, ours: [], ...load }, [
    { run, cpuUs: {}, residentBytes: {}, othersCpuUs: null, lookMs: 1000 },
  ]);
};

describe('the scale of a curve', () => {
  test('encloses all values with round ones, finer where there is room', () => {
    assert.deepEqual(ticksOf(9, 180), [5, 10, 20, 50, 100, 200]);
    assert.deepEqual(ticksOf(0.06, 900), [0.01, 0.1, 1, 10, 100, 1000]);
    assert.deepEqual(ticksOf(10, 100), [10, 20, 50, 100]);
  });

  test('has a height even if all values are equal', () => {
    assert.ok(ticksOf(10, 10).length > 1);
  });
});

describe('the curves', () => {
  test('are in one picture while they can be told apart, and in one for each load beyond that', () => {
    const pictures = (count: number) =>
      percentileCurves(
        Array.from({ length: count }, (_, i) => stage(`stage ${i}`, i % 2 === 0 ? undefined : 500)),
      ).split('<svg').length - 1;
    assert.equal(pictures(10), 1);
    assert.equal(pictures(11), 2);
  });

  test('are of all requests that were due: a stage does not look fast by failing', () => {
    const whole = stage('a', 500);
    const failing = stage('a', 500, { timeout: 100 }, 5000);
    const at = ({ spectrum }: typeof whole, share: number) => spectrum.find(({ p }) => p >= share)?.ms ?? 0;
    assert.ok(at(whole, 0.6) < 11 && at(failing, 0.45) < 11 && at(failing, 0.6) >= 5000);
    assert.match(percentileCurves([failing]), /<circle[\s\S]*A ring: from there on requests failed/);
    assert.doesNotMatch(percentileCurves([whole]), /<circle|failed/);
  });

  test('are dashed only where open and closed loops are side by side', () => {
    assert.match(percentileCurves([stage('a'), stage('b', 500)]), /stroke-dasharray[\s\S]*Dashed: open loop/);
    assert.doesNotMatch(percentileCurves([stage('a', 200), stage('b', 500)]), /dasharray|Dashed/);
  });
});
