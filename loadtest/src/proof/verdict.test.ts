import assert from 'node:assert/strict';
import { cpus } from 'node:os';
import { describe, test } from 'node:test';
import { emptyRun } from '../measure/run.ts';
import { tokenChecks } from '../scenarios/token/checks.ts';
import { summarise } from './stage.ts';
import { atLeast, below, between, noErrors, verdictOf, witnessesAgree } from './verdict.ts';

const stage = (name: string, ms: number, errors: Record<string, number> = {}) =>
  summarise({ name, driver: 'autocannon', connections: 1, ours: [] }, [
    {
      run: { ...emptyRun(), latencyMs: [ms, ms, ms], atMs: [0, 1, 2], durationMs: 3, errors },
      cpuUs: {},
      residentBytes: {},
      othersCpuUs: null,
      lookMs: 3,
    },
  ]);
const good = [
  stage('legacy', 500),
  stage('tuned', 250),
  stage('extracted', 1.5),
  stage('extracted-open-200', 2),
  stage('extracted-open-1000', 1.4),
  stage('extracted-direct-open-1000', 0.9),
];
const witness = (closedLoopP50Ms: number, openLoopP50Ms: number) => ({
  stage: 'x',
  closedLoopP50Ms,
  openLoopP50Ms,
  meshP50: null,
  meshAbsent: 'not asked',
});

describe('the verdict', () => {
  test('holds when every check does', () => {
    assert.equal(verdictOf(tokenChecks({ stages: good, witnesses: [witness(500, 520)] })).pass, true);
  });

  for (const [name, ms] of [
    ['legacy', 720],
    ['legacy', 340],
    ['tuned', 310],
    ['tuned', 190],
    ['extracted', 5.1],
    ['extracted-open-200', 10.5],
    ['extracted-open-1000', 2],
  ] as const) {
    test(`fails when ${name} takes ${ms} ms`, () => {
      const stages = good.map((one) => (one.name === name ? stage(name, ms) : one));
      assert.equal(verdictOf(tokenChecks({ stages, witnesses: [] })).pass, false);
    });
  }

  test('fails when a stage is missing, or nothing was checked at all', () => {
    for (const missing of good) {
      assert.equal(
        verdictOf(tokenChecks({ stages: good.filter((one) => one !== missing), witnesses: [] })).pass,
        false,
        missing.name,
      );
    }
    assert.equal(verdictOf([]).pass, false);
  });

  test('fails when one request failed, and says which', () => {
    const check = noErrors([...good, stage('extracted', 1, { timeout: 1 })]);
    assert.equal(check.pass, false);
    assert.match(check.detail, /extracted.*timeout/);
  });

  test('fails when a request of the ledger failed', () => {
    const cause = {
      number: 2,
      debt: 'd',
      summary: '',
      tunable: true,
      ms: 1,
      spreadMs: [1, 1] as [number, number],
      cpuMs: null,
    };
    assert.equal(noErrors(good, [{ ...cause, errors: 0 }]).pass, true);
    const check = noErrors(good, [{ ...cause, errors: 3 }]);
    assert.equal(check.pass, false);
    assert.match(check.detail, /ledger of d: 3/);
  });

  test('a stage that nothing was answered in is not a fast one', () => {
    const silent = summarise({ name: 'extracted', driver: 'autocannon', connections: 1, ours: [] }, [
      { run: emptyRun(), cpuUs: {}, residentBytes: {}, othersCpuUs: null, lookMs: 0 },
    ]);
    const checks = tokenChecks({ stages: good.map((one) => (one.name === 'extracted' ? silent : one)), witnesses: [] });
    const [check] = checks.filter(({ name }) => name === 'extracted p50 below legacy');
    assert.deepEqual(check, {
      name: 'extracted p50 below legacy',
      pass: false,
      detail: 'no figure, asked: at least 100',
    });
    assert.equal(atLeast('x', 10_000 / 0, 3).pass, false);
    assert.equal(silent.cpuUsPerRequest, null);
  });

  test('says why the mesh is no witness', () => {
    assert.match(witnessesAgree(witness(500, 500)).detail, /mesh: not asked/);
  });

  test('fails where the closed and the open loop disagree', () => {
    assert.equal(witnessesAgree(witness(500, 545)).pass, true);
    assert.equal(witnessesAgree(witness(500, 560)).pass, false);
    assert.equal(witnessesAgree(witness(500, 440)).pass, false);
    assert.equal(witnessesAgree(witness(1, 1.18)).pass, true);
    assert.equal(witnessesAgree(witness(1, 1.3)).pass, false);
  });

  test('a figure that is no number passes nothing', () => {
    assert.equal(between('x', Number.NaN, 0, 1).pass, false);
    assert.equal(below('x', Number.NaN, 1).pass, false);
    assert.equal(atLeast('x', Number.NaN, 0).pass, false);
  });
});

test('windows of a stage are joined: the percentile is of all requests, not a mean of percentiles', () => {
  const window = (latencyMs: number[]) => ({
    run: { ...emptyRun(), latencyMs, atMs: latencyMs.map(() => 0), durationMs: 1000 },
    cpuUs: { auth: 1000 },
    residentBytes: {},
    othersCpuUs: 400_000,
    lookMs: 1000,
  });
  const joined = summarise({ name: 'x', driver: 'autocannon', connections: 1, ours: ['auth'] }, [
    window(new Array<number>(98).fill(1)),
    window([1000, 1000]),
  ]);
  assert.equal(Math.round(joined.p50Ms), 1);
  assert.equal(Math.round(joined.p99Ms / 10), 100);
  assert.equal(joined.cpuUsPerRequest, 20);
  const warmed = { ...window([1, 1]), run: { ...window([1, 1]).run, warmUps: 2 } };
  const profile = { name: 'x', driver: 'open-loop', connections: 1, ours: ['auth'] } as const;
  assert.equal(summarise(profile, [warmed]).cpuUsPerRequest, 250, 'the warm-up used CPU too');
  assert.equal(joined.requestsPerSecond, 50);
  // 0.8 s of CPU in 2 s of however many cores there are.
  assert.equal(joined.othersCpuShare, 0.4 / cpus().length);
});
