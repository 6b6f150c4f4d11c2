import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { emptyRun } from '../measure/run.ts';
import type { Report } from '../proof/report-data.ts';
import { summarize } from '../proof/stage.ts';
import { reportPage } from './html.ts';
import { writeReport } from './write.ts';

function stageOf(name: string, latencyMs: number[], errors: Record<string, number> = {}, control = false) {
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
  return summarize({ name, control, driver: 'autocannon', connections: 1, ours: ['auth'] }, windows);
}

function report(overrides: Partial<Report> = {}): Report {
  const spread = (base: number) => Array.from({ length: 100 }, (_, i) => base + i / 10);
  return {
    scenario: 'token',
    title: 'What extracting authentication gains',
    headline: {
      done: 'Authentication was taken out.',
      figure: '413 times faster',
      change: '517 ms → 1.25 ms',
      stages: ['legacy', 'extracted'],
      chart: {
        title: 'p50',
        unit: 'ms',
        bars: [
          { label: 'legacy', value: 517, control: true },
          { label: 'extracted', value: 1.25, control: false },
        ],
      },
    },
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
    paidDebts: [{ number: 30, debt: 'one-by-one', costs: 'a query <each>', tunable: true }],
    independentMedians: [],
    comparisons: [
      { first: 'legacy', second: 'tuned', larger: 1, p: 0 },
      { first: 'legacy', second: 'extracted', larger: 0.999, p: 0 },
    ],
    residentBytesByProcess: { auth: 80 * 2 ** 20 },
    notes: ['a note'],
    verdict: {
      outcome: 'pass',
      checks: [{ name: 'ratio', outcome: 'pass', detail: '413 times, required: at least 100', disturbances: [] }],
    },
    ...overrides,
  };
}

describe('the report page', () => {
  test('holds every figure and loads nothing from any network', () => {
    const page = reportPage(report());
    for (const told of [
      '517 ms',
      '254 ms',
      '162 ms',
      '143 ms',
      'Debt 2: token-table-unindexed',
      'one-by-one',
      'a query &lt;each&gt;',
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
    const page = reportPage(report({ stages: [failed], verdict: { outcome: 'fail', checks: [] } }));
    const text = page.slice(page.indexOf('<main>'));
    assert.ok(text.indexOf('7 requests of this run failed') < text.indexOf('<h1>'));
    assert.match(page, /The verdict fails/);
    assert.match(page, /status 503/);
  });

  test('opens with the change, its gain, a chart and the confidence', () => {
    const page = reportPage(report());
    const screen = page.slice(page.indexOf('<header'), page.indexOf('</header>'));
    for (const told of ['Authentication was taken out.', '413 times faster', '517 ms → 1.25 ms', 'The verdict holds']) {
      assert.ok(screen.includes(told), told);
    }
    assert.match(screen, /class="bar control"><span>legacy .*control<\/span>.*width:80.00%.*517 ms/);
    assert.match(screen, /class="bar"><span>extracted /);
    assert.match(screen, /legacy took longer in 99.9 % of pairs/);
  });

  test('says what disturbed an inconclusive verdict', () => {
    const disturbances = ['legacy: other processes took 30 % of the machine'];
    const check = { name: 'agree', outcome: 'inconclusive', detail: 'apart', disturbances } as const;
    const page = reportPage(report({ verdict: { outcome: 'inconclusive', checks: [{ ...check, disturbances }] } }));
    const screen = page.slice(page.indexOf('<header'), page.indexOf('</header>'));
    assert.match(screen, /class="unsure verdict">The verdict is inconclusive/);
    assert.match(screen, /Disturbed by: legacy: other processes took 30 % of the machine/);
  });

  test('labels controls, and does not open with their failures', () => {
    const control = stageOf('hanging-without', [10, 11], { timeout: 7 }, true);
    const page = reportPage(report({ stages: [control], verdict: { outcome: 'fail', checks: [] } }));
    assert.doesNotMatch(page, /requests of this run failed|class="bad">7 timeout/);
    assert.match(page, /<tr class="control"><th>hanging-without <span class="tag">control/);
    assert.match(page, /class="quiet">7 timeout/);
  });

  test('shows a dash where the samples carry no percentile, and says why', () => {
    const page = reportPage(report({ stages: [stageOf('legacy', [500, 501, 502, 503, 504, 505, 506, 507, 508])] }));
    assert.match(page, /<td><b>504 ms<\/b><\/td><td>–<\/td><td>–<\/td><td>–<\/td><td>–<\/td><td>508 ms<\/td>/);
    assert.match(page, /too few requests for that percentile/);
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

  test('keeps what is wide in a box of its own that scrolls: a phone shows the page without moving sideways', () => {
    const page = reportPage(report());
    assert.match(page, /\.wide \{ overflow-x: auto/);
    assert.doesNotMatch(page.replace(/\.wide > svg, .*/, ''), /min-width: [4-9]\d\dpx/, 'only inside such a box');
    for (const wide of [/<table><tr><th>stage<\/th>/, /<svg viewBox="0 0 1100 400"/, /<svg viewBox="0 0 1000 \d+"/]) {
      const at = page.search(wide);
      assert.ok(at > 0 && page.slice(0, at).endsWith('class="wide">'), String(wide));
    }
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
