import assert from 'node:assert/strict';
import { cpus } from 'node:os';
import { describe, test } from 'node:test';
import { emptyRun } from '../measure/run.ts';
import { tokenChecks } from '../scenarios/token/checks.ts';
import type { IndependentMedians, Outcome, Stage } from './report-data.ts';
import { summarize } from './stage.ts';
import { succeeds } from './success.ts';
import { atLeast, atMost, below, between, mediansAgree, noErrors, verdictOf } from './verdict.ts';

interface Made {
  errors?: Record<string, number>;
  /** Of the machine. */
  othersShare?: number;
  sendLagMs?: number;
  requests?: number;
}

const stage = (name: string, ms: number, { errors = {}, othersShare, sendLagMs, requests = 400 }: Made = {}) => {
  const latencyMs = new Array<number>(requests).fill(ms);
  const sendLag = sendLagMs === undefined ? [] : [sendLagMs];
  const run = { ...emptyRun(), latencyMs, atMs: latencyMs, durationMs: 1000, errors, sendLagMs: sendLag };
  const othersCpuUs = othersShare === undefined ? null : othersShare * 1_000_000 * cpus().length;
  const window = { run, cpuUs: {}, residentBytes: {}, othersCpuUs, lookMs: 1000 };
  return summarize({ name, driver: 'autocannon', connections: 1, ours: [] }, [window]);
};
/** A run of the token proof, on a machine that is so many times slower. */
const measured = (slower = 1) => [
  stage('legacy', 638 * slower),
  stage('tuned', 300 * slower),
  stage('extracted', 1.5 * slower),
  stage('legacy-open', 650 * slower),
  stage('tuned-open', 310 * slower),
  stage('extracted-open-200', 2 * slower),
  stage('floor-open-200', 0.4 * slower),
  stage('extracted-open-1000', 1.4 * slower),
  stage('extracted-direct-open-1000', 0.9 * slower),
];
const good = measured();
const instead = (one: Stage) => good.map((other) => (other.name === one.name ? one : other));
const medians = (stageName: string, closedLoopP50Ms: number, openLoopP50Ms: number, floorP50Ms = 0.4) => ({
  stage: stageName,
  closedLoopP50Ms,
  openLoopP50Ms,
  floorP50Ms,
  meshP50: null,
  meshAbsent: 'not on this path',
});
const outcomeOf = (stages: readonly Stage[], independentMedians: readonly IndependentMedians[] = []) =>
  verdictOf(tokenChecks({ stages, independentMedians })).outcome;

describe('the verdict', () => {
  test('holds when every check does, on a machine of any speed', () => {
    for (const slower of [1, 2, 5]) {
      assert.equal(outcomeOf(measured(slower), [medians('legacy', 638 * slower, 650 * slower)]), 'pass', `${slower}`);
    }
  });

  for (const [name, ms] of [
    ['legacy', 1300],
    ['tuned', 400],
    ['tuned', 190],
    ['extracted', 7],
    ['extracted-open-200', 10.5],
    ['extracted-open-1000', 2],
  ] as const) {
    const ratio = `fails when ${name} takes ${ms} ms where the others take what they took`;
    test(ratio, () => assert.equal(outcomeOf(instead(stage(name, ms))), 'fail'));
  }

  test('is inconclusive, and says why, when the rate of an open loop is near saturation on this machine', () => {
    const slow = { ...stage('extracted-open-1000', 2), offeredPerSecond: 1000 };
    const carrying = (perSecond: number) =>
      instead(slow).map((one) => (one.name === 'extracted' ? { ...one, requestsPerSecond: perSecond } : one));
    const at = (perSecond: number) =>
      verdictOf(tokenChecks({ stages: carrying(perSecond), independentMedians: [medians('extracted', 1.5, 2)] }));
    assert.equal(at(2900).outcome, 'fail');
    const { outcome, checks } = at(1357);
    assert.equal(outcome, 'inconclusive');
    assert.deepEqual(
      checks.filter((check) => check.outcome !== 'pass').map(({ outcome: one }) => one),
      ['inconclusive', 'inconclusive'],
    );
    assert.match(checks.flatMap(({ disturbances }) => disturbances).join(), /more than half of the 1357/);
  });

  test('is inconclusive, and says why, when a check does not hold while others took the machine', () => {
    const stages = instead(stage('legacy', 638, { othersShare: 0.3 }));
    const verdict = verdictOf(tokenChecks({ stages, independentMedians: [medians('legacy', 638, 800)] }));
    assert.equal(verdict.outcome, 'inconclusive');
    const check = verdict.checks.find(({ outcome }) => outcome === 'inconclusive');
    assert.equal(check?.name, 'Independent measurements of legacy agree');
    assert.deepEqual(check?.disturbances, ['legacy: other processes took 30 % of the machine']);
  });

  test('is inconclusive when a check does not hold while the driver was late', () => {
    const verdict = verdictOf(
      tokenChecks({ stages: instead(stage('extracted-open-200', 30, { sendLagMs: 25 })), independentMedians: [] }),
    );
    assert.equal(verdict.outcome, 'inconclusive');
    assert.match(verdict.checks.flatMap(({ disturbances }) => disturbances).join(), /open-200: the driver .*25\.0 ms/);
  });

  test('a disturbance changes neither a check that holds to a failure, nor one that fails to a pass', () => {
    assert.equal(outcomeOf(good.map(({ name, p50Ms }) => stage(name, p50Ms ?? 0, { othersShare: 0.5 }))), 'pass');
    assert.equal(outcomeOf(instead(stage('tuned', 400, { othersShare: 0.1 }))), 'fail', 'too little to matter');
  });

  test('a disturbance of another stage excuses nothing', () => {
    const disturbed = good.map((one) => (one.name === 'legacy' ? stage('legacy', 638, { othersShare: 0.5 }) : one));
    const stages = disturbed.map((one) => (one.name === 'extracted-open-200' ? stage(one.name, 30) : one));
    assert.equal(outcomeOf(stages), 'fail');
  });

  test('errors fail, whatever disturbed the run', () => {
    const failing = stage('legacy', 638, { errors: { timeout: 1 }, othersShare: 0.9 });
    assert.equal(outcomeOf(instead(failing)), 'fail');
    assert.equal(succeeds([failing], 'legacy', 100).outcome, 'fail');
  });

  test('one check that fails fails the verdict, also beside an inconclusive one', () => {
    const check = (outcome: Outcome) => ({ name: 'x', outcome, detail: '', disturbances: [] });
    assert.equal(verdictOf([check('inconclusive'), check('fail'), check('pass')]).outcome, 'fail');
    assert.equal(verdictOf([check('pass'), check('inconclusive')]).outcome, 'inconclusive');
  });

  test('fails when a stage is missing, or nothing was checked at all', () => {
    for (const missing of good.filter(({ name }) => !/legacy-open|tuned-open/.test(name))) {
      const others = good
        .filter((one) => one !== missing)
        .map(({ name, p50Ms }) => stage(name, p50Ms ?? 0, { othersShare: 1 }));
      assert.equal(outcomeOf(others), 'fail', missing.name);
    }
    assert.equal(verdictOf([]).outcome, 'fail');
  });

  test('a figure that the samples do not carry is inconclusive', () => {
    const check = tokenChecks({
      stages: instead(stage('floor-open-200', 0.4, { requests: 300 })),
      independentMedians: [],
    });
    const [found] = check.filter(({ outcome }) => outcome !== 'pass');
    assert.deepEqual([found?.outcome, found?.disturbances], ['inconclusive', ['too few requests for this figure']]);
  });

  test('fails when one request failed, and says which', () => {
    const check = noErrors([...good, stage('extracted', 1, { errors: { timeout: 1 } })]);
    assert.equal(check.outcome, 'fail');
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
    assert.equal(noErrors(good, [{ ...cause, errors: 0 }]).outcome, 'pass');
    const check = noErrors(good, [{ ...cause, errors: 3 }]);
    assert.equal(check.outcome, 'fail');
    assert.match(check.detail, /ledger of d: 3/);
  });

  test('a stage without a successful request is not a fast one', () => {
    const silent = summarize({ name: 'extracted', driver: 'autocannon', connections: 1, ours: [] }, [
      { run: emptyRun(), cpuUs: {}, residentBytes: {}, othersCpuUs: null, lookMs: 0 },
    ]);
    const checks = tokenChecks({ stages: instead(silent), independentMedians: [] });
    const [check] = checks.filter(({ name }) => name === 'extracted p50 below legacy');
    assert.deepEqual(check, {
      name: 'extracted p50 below legacy',
      outcome: 'fail',
      detail: 'no figure, required: at least 100',
      disturbances: [],
    });
    assert.equal(atLeast('x', 10_000 / 0, 3, []).outcome, 'fail');
    assert.equal(silent.cpuUsPerRequest, null);
  });

  test('says why the mesh’s histogram has no figure', () => {
    assert.match(mediansAgree(medians('x', 500, 500), []).detail, /mesh: not on this path/);
  });

  test('the closed and the open loop agree within a tenth, or within half of what the floor takes', () => {
    const agree = (closed: number, open: number, floor?: number) =>
      mediansAgree(medians('x', closed, open, floor), []).outcome;
    assert.equal(agree(500, 545), 'pass');
    assert.equal(agree(500, 560), 'fail');
    assert.equal(agree(500, 440), 'fail');
    assert.equal(agree(1, 1.18), 'pass');
    assert.equal(agree(1, 1.3), 'fail');
    assert.equal(agree(2, 2.38, 0.8), 'pass', 'on a machine half as fast');
  });

  test('a check of NaN does not pass', () => {
    assert.equal(between('x', Number.NaN, [0, 1], []).outcome, 'fail');
    assert.equal(below('x', Number.NaN, 1, []).outcome, 'fail');
    assert.equal(atLeast('x', Number.NaN, 0, []).outcome, 'fail');
    assert.equal(atMost('x', Number.NaN, 1, []).outcome, 'fail');
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
  const joined = summarize({ name: 'x', driver: 'autocannon', connections: 1, ours: ['auth'] }, [
    window(new Array<number>(490).fill(1)),
    window(new Array<number>(10).fill(1000)),
  ]);
  assert.equal(Math.round(joined.p50Ms ?? 0), 1);
  assert.equal(Math.round((joined.p99Ms ?? 0) / 10), 100);
  assert.equal(joined.cpuUsPerRequest, 4);
  const warmed = { ...window([1, 1]), run: { ...window([1, 1]).run, warmUps: 2 } };
  const profile = { name: 'x', driver: 'open-loop', connections: 1, ours: ['auth'] } as const;
  assert.equal(summarize(profile, [warmed]).cpuUsPerRequest, 250, 'the warm-up used CPU too');
  assert.equal(joined.requestsPerSecond, 250);
  // 0.8 s of CPU in 2 s of however many cores there are.
  assert.equal(joined.othersCpuShare, 0.4 / cpus().length);
});

test('a failed request is in every percentile, as the longest wait of its stage', () => {
  const latencyMs = new Array<number>(320).fill(10);
  const failing = (errors: Record<string, number>, longestFailedMs: number, dropped = 0) => {
    const run = { ...emptyRun(), latencyMs, atMs: latencyMs, durationMs: 1000, errors, longestFailedMs, dropped };
    const window = { run, cpuUs: {}, residentBytes: {}, othersCpuUs: null, lookMs: 1000 };
    return summarize({ name: 'x', driver: 'open-loop', connections: 1, ours: [] }, [window]);
  };
  const timeouts = failing({ timeout: 80 }, 5000);
  assert.equal(Math.round(timeouts.p50Ms ?? 0), 10);
  assert.equal(Math.round((timeouts.p99Ms ?? 0) / 10), 500);
  assert.equal(timeouts.failuresCountAsMs, 5000);
  assert.equal(timeouts.requests, 320);
  const mostly = failing({ timeout: 400 }, 5000);
  assert.deepEqual([Math.round((mostly.p50Ms ?? 0) / 10), mostly.roundP50Ms[0]], [500, 5000]);
  assert.ok((failing({ 'status 503': 80 }, 1).p99Ms ?? 0) >= 10, 'to fail at once is not to be fast');
  assert.ok((failing({ timeout: 1 }, 5000, 79).p99Ms ?? 0) >= 5000, 'what was never sent waited longest');
});
