import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { emptyRun } from '../measure/run.ts';
import type { Report } from '../proof/report-data.ts';
import { summarise } from '../proof/stage.ts';
import { reportPage } from './html.ts';
import { writeReport } from './write.ts';

function stageOf(name: string, latencyMs: number[], errors: Record<string, number> = {}) {
  const run = {
    ...emptyRun(),
    latencyMs,
    atMs: latencyMs.map((_, i) => i * 10),
    durationMs: latencyMs.length * 10,
    errors,
  };
  const windows = [
    {
      run,
      cpuUs: { auth: latencyMs.length * 123 },
      residentBytes: { auth: 80 * 2 ** 20 },
      othersCpuUs: null,
      lookMs: 0,
    },
  ];
  return summarise({ name, driver: 'autocannon', connections: 1, ours: ['auth'] }, windows);
}

function report(overrides: Partial<Report> = {}): Report {
  const spread = (base: number) => Array.from({ length: 100 }, (_, i) => base + i / 10);
  return {
    scenario: 'token',
    title: 'What extracting authentication buys',
    startedAt: '2026-01-01T00:00:00.000Z',
    tookMs: 60_000,
    quick: false,
    commit: 'abc',
    seed: 1,
    machine: {
      cpu: 'a cpu',
      cores: 2,
      memoryBytes: 2 ** 33,
      platform: 'linux x64',
      node: 'v24',
      stores: { postgres: '17' },
    },
    stages: [stageOf('legacy', spread(512)), stageOf('tuned', spread(249)), stageOf('extracted', spread(1.25))],
    figures: [{ of: 'budget', name: 'load on the third service', value: 1.234, unit: 'times' }],
    causes: [
      {
        number: 2,
        debt: 'token-table-unindexed',
        summary: 'scanned',
        tunable: true,
        ms: 161.7,
        spreadMs: [150, 170],
        cpuMs: 143.2,
        errors: 0,
      },
    ],
    witnesses: [],
    comparisons: [{ first: 'legacy', second: 'tuned', larger: 1, p: 0 }],
    residentBytesByProcess: { auth: 80 * 2 ** 20 },
    notes: ['a note'],
    verdict: { pass: true, checks: [{ name: 'legacy p50', pass: true, detail: '517 ms, asked: 350 to 700 ms' }] },
    ...overrides,
  };
}

describe('the report page', () => {
  test('holds every figure and asks nothing of any network', () => {
    const page = reportPage(report());
    for (const told of [
      '517 ms',
      '254 ms',
      '162 ms',
      '143 ms',
      'Debt 2: token-table-unindexed',
      'a cpu',
      'p &lt; 0.0001',
      'a note',
      'load on the third service',
      '1.23 times',
      '123',
    ]) {
      assert.ok(page.includes(told), `${told} is on the page`);
    }
    assert.doesNotMatch(
      page.replace(/<script type="application\/json"[\s\S]*?<\/script>/, ''),
      /https?:|src=|@import|url\(/,
    );
  });

  test('says first that requests failed', () => {
    const failed = stageOf('legacy', [500, 510], { 'status 503': 7 });
    const page = reportPage(report({ stages: [failed], verdict: { pass: false, checks: [] } }));
    const text = page.slice(page.indexOf('<main>'));
    assert.ok(text.indexOf('7 requests of this run failed') < text.indexOf('<h1>'));
    assert.match(page, /The verdict fails/);
    assert.match(page, /status 503/);
  });

  test('says which open loop fell behind its schedule, and how busy others kept the machine', () => {
    const late = { ...stageOf('extracted-open-200', [1, 2]), sendLagP99Ms: 31, othersCpuShare: 0.42 };
    const page = reportPage(report({ stages: [late] }));
    assert.match(page, /schedule was not kept[\s\S]*extracted-open-200: 31.0 ms late/);
    assert.match(page, /<td>42 %<\/td>/);
    assert.match(page, /took up to 42 % of the machine/);
    assert.doesNotMatch(reportPage(report({ stages: [{ ...late, sendLagP99Ms: 1 }] })), /schedule was not kept/);
  });

  test('shows text as text, also inside the embedded JSON', () => {
    const page = reportPage(report({ notes: ['<script>alert(1)</script>'] }));
    assert.doesNotMatch(page, /<script>alert/);
  });

  test('embeds the JSON that it was drawn from', () => {
    const page = reportPage(report());
    const json = page.match(/<script type="application\/json" id="report">([\s\S]*?)<\/script>/)?.[1] ?? '';
    assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify(report())));
  });

  test('is written beside its JSON, whole or not at all', (context) => {
    const place = mkdtempSync(join(tmpdir(), 'report-'));
    context.after(() => rmSync(place, { recursive: true }));
    const folder = join(place, 'deep');
    const { json } = writeReport(folder, 'token', report());
    assert.deepEqual(readdirSync(folder).sort(), ['token.html', 'token.json']);
    assert.equal((JSON.parse(readFileSync(json, 'utf8')) as Report).stages[0]?.name, 'legacy');
  });
});
