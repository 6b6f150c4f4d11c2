import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { emptyRun } from '../../measure/run.ts';
import type { Stage } from '../../proof/report-data.ts';
import { summarize } from '../../proof/stage.ts';
import { resourceChecks, resourceFigures, resourceHeadline } from './checks.ts';
import { fullPlan, loadOf, quickPlan } from './plan.ts';
import { resourceReads } from './reads.ts';

function stage(name: string, ms: number, requests = 400): Stage {
  const latencyMs = Array.from({ length: requests }, (_, n) => ms + n / 1_000);
  const run = { ...emptyRun(), latencyMs, atMs: latencyMs.map((_, n) => n), durationMs: requests };
  const window = { run, cpuUs: { brands: 100 * requests }, residentBytes: {}, othersCpuUs: null, lookMs: requests };
  return summarize({ name, driver: 'open-loop', connections: 1, ours: ['brands'] }, [window]);
}
const all = (serviceMs: number, throughMeshMs = serviceMs) => [
  stage('monolith', 10),
  stage('service', serviceMs),
  stage('monolith-mesh', 11),
  stage('service-mesh', throughMeshMs),
];

describe('the verdict on the reads of a resource', () => {
  test('holds where the service is faster both ways, at the median and at p99', () => {
    const checks = resourceChecks(all(2));
    assert.deepEqual(
      checks.map(({ outcome }) => outcome),
      ['pass', 'pass', 'pass', 'pass', 'pass'],
    );
    assert.match(checks[1]?.detail ?? '', /^0\.2\d? times \(2\.\d\d ms, the monolith's 10\.\d\d ms\)/);
  });

  test('fails for the way on which the service is slower', () => {
    const outcomes = resourceChecks(all(2, 12)).map(({ outcome }) => outcome);
    assert.deepEqual(outcomes, ['pass', 'pass', 'pass', 'fail', 'fail']);
  });

  test('is not given where too few requests were sent for p99', () => {
    const [, , p99] = resourceChecks([stage('monolith', 10, 50), stage('service', 2, 50)]);
    assert.equal(p99?.outcome, 'inconclusive');
  });

  test('fails where a way was not measured', () => {
    assert.equal(resourceChecks([stage('monolith', 10)])[1]?.outcome, 'fail');
  });
});

test('the headline compares both sides through the mesh', () => {
  const { figure, stages, chart } = resourceHeadline('brands', all(2));
  assert.match(figure, /^5\.\d+ times faster$/);
  assert.deepEqual(stages, ['monolith-mesh', 'service-mesh']);
  assert.equal(chart.bars.length, 4);
  assert.ok(
    resourceFigures(all(2)).some(
      ({ of, name, value }) => of === 'service' && name === 'CPU of our processes' && value === 100,
    ),
  );
});

test('the rate is below what the slowest way carries, and each way gets enough requests for p99', () => {
  for (const plan of [fullPlan, quickPlan]) {
    for (const slowest of [5, 40, 300, 5_000]) {
      const { perSecond, durationMs } = loadOf(plan, slowest);
      assert.ok(perSecond <= Math.max(1, slowest / 2) && perSecond <= 200, `${perSecond} of ${slowest}`);
      assert.ok(durationMs <= 20_000);
      if (slowest >= 40) assert.ok((plan.rounds * perSecond * durationMs) / 1_000 >= 368, `${slowest}`);
    }
  }
});

test('lists and single entities of a resource take turns', async () => {
  const paths = await resourceReads.brands?.paths(async () => ({ data: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] }));
  assert.deepEqual(paths, ['/v2/brands/a', '/v2/brands/b', '/v2/brands?page[limit]=25&page[offset]=0', '/v2/brands/c']);
});
