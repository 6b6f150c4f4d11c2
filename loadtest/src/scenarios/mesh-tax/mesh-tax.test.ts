import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyRun } from '../../measure/run.ts';
import { summarize } from '../../proof/stage.ts';
import { verdictOf } from '../../proof/verdict.ts';
import { taxChecks, taxFigures, taxHeadline } from './checks.ts';

const stage = (name: string, ms: number, cpuUs: number | null = null) => {
  const latencyMs = new Array<number>(10).fill(ms);
  const run = { ...emptyRun(), latencyMs, atMs: latencyMs, durationMs: 1000 };
  return summarize({ name, driver: 'autocannon', connections: 1, ours: [name] }, [
    {
      run,
      cpuUs: cpuUs === null ? {} : { [name]: cpuUs * latencyMs.length },
      residentBytes: {},
      othersCpuUs: null,
      lookMs: 1000,
    },
  ]);
};
const measured = (mesh: number, bare: number, haproxy: number | null) => [
  stage('direct', 1),
  stage('mesh', 2, mesh),
  stage('http-proxy', 2, bare),
  ...(haproxy === null ? [] : [stage('haproxy', 1, haproxy)]),
];
const holds = (mesh: number, bare: number, haproxy: number | null) =>
  verdictOf(taxChecks(measured(mesh, bare, haproxy))).outcome === 'pass';

test('the mesh is held to a share of http-proxy and a multiple of HAProxy, where that is installed', () => {
  assert.ok(holds(80, 100, 27));
  assert.ok(!holds(81, 100, 30));
  assert.ok(!holds(80, 100, 26));
  assert.ok(holds(80, 100, null));
});

test('a proxy without figures fails', () => {
  assert.equal(verdictOf(taxChecks([stage('mesh', 2, 50)])).outcome, 'fail');
});

test('the added latency of a proxy is relative to the direct path at the same rate', () => {
  const stages = [...measured(80, 100, null), stage('direct-500', 0.25), stage('mesh-500', 0.75)];
  const figures = taxFigures(stages, ['direct', 'mesh'], [500]);
  const of = (name: string, what: string) => figures.find((one) => one.of === name && one.name === what)?.value;
  assert.equal(of('mesh', 'added p50 at 500/s'), 0.5);
  assert.equal(of('mesh', 'CPU a request'), 80);
  assert.equal(of('direct', 'at saturation'), 10);
  assert.equal(of('direct', 'added p50 at 500/s'), undefined);
});

test('the added latency of a proxy is null where the samples carry no such percentile', () => {
  const stages = [...measured(80, 100, null), stage('direct-500', 0.25), stage('mesh-500', 0.75)];
  const added = taxFigures(stages, ['direct', 'mesh'], [500]).find(({ name }) => name === 'added p99.9 at 500/s');
  assert.ok(Number.isNaN(added?.value));
  assert.equal(JSON.parse(JSON.stringify(added)).value, null);
});

test('Caddy and nginx are shown without a check', () => {
  const stages = [...measured(80, 100, 30), stage('nginx', 1, 1), stage('caddy', 1, 1)];
  assert.equal(verdictOf(taxChecks(stages)).outcome, 'pass');
  const { chart } = taxHeadline(stages, ['direct', 'mesh', 'http-proxy', 'haproxy', 'nginx', 'caddy']);
  assert.deepEqual(
    chart.bars.map(({ label }) => label),
    ['mesh', 'http-proxy', 'haproxy', 'nginx', 'caddy'],
  );
});
