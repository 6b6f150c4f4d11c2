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

/** Replies with a list of three, of so many. */
const listOf = (total: number) => async () => ({
  data: ['a', 'b', 'c'].slice(0, total).map((id) => ({ id })),
  meta: { results: { total } },
});

test('lists and single entities of a resource take turns, and each list is read', async () => {
  const page = (offset: number) => `/v2/brands?page[limit]=25&page[offset]=${offset}`;
  assert.deepEqual(await resourceReads.brands?.paths(listOf(40)), [
    ...['/v2/brands/a', '/v2/brands/b', page(0), '/v2/brands/c', page(25), '/v2/brands/tree'],
  ]);
});

test('no page that is read is empty, and a resource without any entity is no measurement', async () => {
  for (const { name, pages } of [
    { name: 'currencies', pages: 1 },
    { name: 'integrations', pages: 1 },
  ]) {
    const paths = (await resourceReads[name]?.paths(listOf(3))) ?? [];
    assert.equal(paths.filter((path) => path.includes('page')).length, pages, name);
    await assert.rejects(async () => resourceReads[name]?.paths(listOf(0)), /nothing to read/);
  }
});

test('flows are read with their fields, and the entries of one of them in pages', async () => {
  const paths = (await resourceReads.flows?.paths(listOf(2))) ?? [];
  for (const path of ['/v2/flows', '/v2/fields', '/v2/flows/a/fields', '/v2/flows/stores/entries/b']) {
    assert.ok(paths.includes(path), path);
  }
});

test('the settings have one path, and no list', async () => {
  assert.deepEqual(await resourceReads.settings?.paths(async () => assert.fail()), ['/v2/settings']);
});

test('exports are made and waited for, so that files are read too', async () => {
  let made = 0;
  let looks = 0;
  const paths = await resourceReads.jobs?.paths(async (method, path) => {
    if (method === 'POST') return { data: { id: `job-${made++}` } };
    if (path.includes('page')) return listOf(3)();
    return { data: { status: looks++ % 2 === 0 ? 'processing' : 'complete' } };
  });
  assert.equal(made, 3);
  for (const file of ['/v2/jobs/job-0/file', '/v2/jobs/job-2/file/content']) assert.ok(paths?.includes(file), file);
  const failed = async (method: string) => ({
    data: { id: 'x', status: method === 'POST' ? '' : 'failed', error: 'No' },
  });
  await assert.rejects(async () => resourceReads.jobs?.paths(failed), /an export failed: No/);
});

test('carts hold products that can be bought', async () => {
  const added: unknown[] = [];
  const product = (id: string, level: number) => ({ id, manage_stock: true, meta: { stock: { level } } });
  const data = [product('sold out', 0), ...['a', 'b', 'c', 'd'].map((id) => product(id, 500))];
  const paths = await resourceReads.carts?.paths(async (method, _path, body) => {
    if (method === 'POST') added.push((body as { data: { id: string } }).data.id);
    return { data, meta: { results: { total: 5 } } };
  });
  assert.deepEqual([paths?.length, added.length, added.includes('sold out')], [40, 40, false]);
});
