import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { constantRate } from '../../drivers/schedule.ts';
import { emptyRun } from '../../measure/run.ts';
import type { Stage } from '../../proof/report-data.ts';
import { summarize } from '../../proof/stage.ts';
import { administrator } from './administrator.ts';
import { journeysChecks, journeysFigures, journeysHeadline, stageName, stepTimes } from './checks.ts';
import { type DriveClock, driveJourneys } from './drive.ts';
import { type CallApi, findGoods } from './goods.ts';
import { heldRate, holds, type Rung, rungOf } from './ladder.ts';
import { fullPlan, quickPlan } from './plan.ts';
import { shopper } from './shopper.ts';
import { type Journey, jsonRequest } from './step.ts';

const rung = (perSecond: number, late: number, failed = 0): Rung => ({ perSecond, requests: 400, failed, late });

describe('the rate that a side holds', () => {
  test('is the highest one before a request in a hundred is late, or one fails', () => {
    assert.equal(heldRate([rung(1, 0), rung(2, 0.01), rung(3, 0.02), rung(4, 0)]), 2);
    assert.equal(heldRate([rung(1, 0), rung(2, 0, 1)]), 1);
    assert.equal(heldRate([rung(1, 0.5)]), 0);
  });

  test('counts failed and dropped requests as late', () => {
    const run = { ...emptyRun(), latencyMs: [10, 20, 1_500], errors: { 'pays: status 500': 1 }, dropped: 1 };
    assert.deepEqual(rungOf(2, run), { perSecond: 2, requests: 5, failed: 2, late: 0.6 });
    assert.equal(holds(rungOf(1, emptyRun())), false, 'a rung without any request says nothing');
  });
});

describe('driving journeys', () => {
  const seen: string[] = [];
  const waiting: (() => void)[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    if (request.url === '/hang') return void waiting.push(() => response.end('{}'));
    if (request.url === '/refuse') return void response.writeHead(409).end('{"errors":[]}');
    response.end(JSON.stringify({ data: { id: `of ${request.url}` } }));
  });
  let url = '';
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  /** Time stands still but for what the schedule asks. */
  const clockAt = (): DriveClock => {
    let nowMs = 0;
    return {
      now: () => nowMs,
      until: async (atMs) => {
        nowMs = Math.max(nowMs, atMs);
      },
    };
  };
  const limits = { connections: 8, underWayMax: 8, timeoutMs: 30_000 };
  const journey = (...paths: string[]): Journey => ({
    name: 'test',
    begin: () => ({}),
    steps: paths.map((path) => ({ name: path, service: 'x', request: () => jsonRequest('GET', path, {}) })),
  });

  test('a step has what an earlier one has learned, and each is counted', async () => {
    const learning: Journey<{ id?: string }> = {
      name: 'test',
      begin: () => ({}),
      steps: [
        {
          ...{ name: 'makes', service: 'x', request: () => jsonRequest('POST', '/make', {}, { a: 1 }) },
          learn: (body, memory) => {
            memory.id = encodeURIComponent(body.data.id);
          },
        },
        { name: 'reads', service: 'x', request: ({ id }) => jsonRequest('GET', `/${id}`, {}) },
      ],
    };
    seen.length = 0;
    const driven = await driveJourneys(url, learning as Journey, constantRate(2, 1_000), limits, clockAt());
    assert.deepEqual([driven.begun, driven.finished, driven.run.latencyMs.length], [2, 2, 4]);
    assert.deepEqual(seen.filter((one) => one === 'GET /of%20%2Fmake').length, 2);
    assert.deepEqual(
      [...driven.stepMs].map(([name, ms]) => [name, ms.length]),
      [
        ['makes', 2],
        ['reads', 2],
      ],
    );
  });

  test('a step that fails ends its journey, and its kind is told', async () => {
    const driven = await driveJourneys(url, journey('/refuse', '/never'), constantRate(1, 1_000), limits, clockAt());
    assert.deepEqual(driven.run.errors, { '/refuse: status 409': 1 });
    assert.equal(driven.finished, 0);
    assert.equal(driven.stepMs.has('/never'), false);
    const lost = await driveJourneys('http://127.0.0.1:9', journey('/'), constantRate(1, 1_000), limits, clockAt());
    assert.deepEqual(lost.run.errors, { '/: connection': 1 });
  });

  test('a journey begins when it is due, though earlier ones wait; beyond the limit it is dropped and counted', async () => {
    const driving = driveJourneys(
      url,
      journey('/hang'),
      constantRate(3, 1_000),
      { ...limits, underWayMax: 2 },
      clockAt(),
    );
    while (waiting.length < 2) await new Promise((resolve) => setImmediate(resolve));
    for (const reply of waiting.splice(0)) reply();
    const { begun, finished, run } = await driving;
    assert.deepEqual([begun, finished, run.dropped], [2, 2, 1]);
  });

  test('load goes to this machine only', async () => {
    await assert.rejects(
      driveJourneys('http://192.0.2.1', journey('/'), constantRate(1, 1_000), limits, clockAt()),
      /loopback/,
    );
  });
});

test('what shoppers buy has a price and a category, is sold itself, and never runs out', async () => {
  const product = (id: string, more: object = {}) => ({
    ...{ id, slug: id, price: [{ currency: 'USD' }], manage_stock: false, meta: { stock: { level: 0 } } },
    ...{ relationships: { categories: { data: [{ id: `c-${id}` }] } }, ...more },
  });
  const products = [
    product('plain'),
    product('few', { manage_stock: true, meta: { stock: { level: 5 } } }),
    product('many', { manage_stock: true, meta: { stock: { level: 30_000 } } }),
    product('euros', { price: [{ currency: 'EUR' }] }),
    product('alone', { relationships: {} }),
  ];
  const calls: string[] = [];
  const call: CallApi = async (method, path) => {
    calls.push(`${method} ${path}`);
    return { data: products };
  };
  const goods = await findGoods(call);
  assert.deepEqual(
    goods.map(({ slug, categoryId }) => [slug, categoryId]),
    [
      ['plain', 'c-plain'],
      ['few', 'c-few'],
      ['many', 'c-many'],
    ],
  );
  assert.deepEqual(
    calls.filter((one) => one.includes('inventories')),
    ['POST /v2/inventories/few/transactions'],
  );
  await assert.rejects(
    findGoods(async () => ({ data: [] })),
    /no product/,
  );
});

test('no two steps of the journeys have one name, and no secret is in a path', () => {
  const goods = [{ categoryId: 'c', productId: 'p', slug: 's' }];
  const client = { client_id: 'id', client_secret: 'a secret' };
  const all = [shopper('id', goods), administrator(client)] as Journey[];
  const names = all.flatMap(({ steps }) => steps.map(({ name }) => name));
  assert.equal(new Set(names).size, names.length);
  for (const journey of all) {
    const memory = Object.assign(journey.begin(0) as object, { token: 'the token', customerToken: 'the customer' });
    for (const step of journey.steps) assert.doesNotMatch(step.request(memory).path, /secret|the%20|the /);
  }
});

describe('the verdict', () => {
  const many = (ms: number) => Array.from({ length: 400 }, (_, n) => ms + n / 1_000);
  const stage = (side: 'monolith' | 'services', journey: string, ms: number): Stage => {
    const run = { ...emptyRun(), latencyMs: many(ms), atMs: many(0), durationMs: 1_000 };
    const window = { run, cpuUs: { mesh: 400_000 }, residentBytes: {}, othersCpuUs: null, lookMs: 1_000 };
    const profile = { name: stageName(side, journey), driver: 'open-loop', connections: 1, ours: ['mesh'] } as const;
    return summarize(profile, [window]);
  };
  const stages = [stage('monolith', 'shopper', 50), stage('services', 'shopper', 5)];
  const step = (ms: number) =>
    stepTimes('shopper', { name: 'pays', service: 'payments' }, { monolith: many(50), services: many(ms) });
  const rungs = (monolith: number, services: number) => ({
    monolith: [rung(monolith, 0), rung(100, 1)],
    services: [rung(services, 0)],
  });

  test('holds where each step is faster at p99, and five times the rate is held', () => {
    const checks = journeysChecks(stages, [step(5)], rungs(1, 5));
    assert.deepEqual(
      checks.map(({ outcome }) => outcome),
      ['pass', 'pass', 'pass'],
    );
  });

  test('fails for the step that is slower, and for a rate below', () => {
    const [, slower, rate] = journeysChecks(stages, [step(60)], rungs(1, 4));
    assert.match(slower?.name ?? '', /“pays”/);
    assert.deepEqual([slower?.outcome, rate?.outcome], ['fail', 'fail']);
  });

  test('is no pass where the monolith holds no rate at all, or the samples do not carry p99', () => {
    const few = stepTimes('shopper', { name: 'pays', service: 'payments' }, { monolith: [50], services: [5] });
    const [, p99, rate] = journeysChecks(stages, [few], rungs(0, 4));
    assert.notEqual(p99?.outcome, 'pass');
    assert.notEqual(rate?.outcome, 'pass');
  });

  test('comes with a row for each step and each rate', () => {
    const figures = journeysFigures(stages, [step(5)], rungs(1, 5));
    const of = (name: string) => figures.filter((figure) => figure.of === name);
    assert.equal(of('shopper pays').length, 6);
    assert.equal(of('5 journeys a second').length, 1);
    assert.equal(of('services, shopper')[0]?.value, 1, 'ms of CPU a request');
    assert.match(journeysHeadline(stages, rungs(1, 5)).figure, /^5 times as many/);
  });
});

test('the plans rise, and the full one has enough journeys for p99 of each step', () => {
  for (const { ladder } of [fullPlan, quickPlan]) {
    assert.deepEqual(
      [...ladder],
      [...ladder].sort((a, b) => a - b),
    );
  }
  assert.ok(fullPlan.compared >= 368 && fullPlan.comparedWork >= 368);
});
