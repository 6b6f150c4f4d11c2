import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type Clock, systemClock } from './clock.ts';
import { placesMax } from './telemetry/families.ts';
import { type MetricsJson, periodMs } from './telemetry/metrics.ts';
import { backendPolicy, backendRef, meshConfig, route, rule, service } from './testing/config.ts';
import { Closing, RawClient, type TestMesh, testMesh, until, upstreamServer } from './testing/harness.ts';
import { readPrometheus, type Sample } from './testing/prometheus.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

async function scrape(mesh: TestMesh): Promise<Sample[]> {
  const response = await fetch(`${mesh.adminUrl}/metrics`);
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  return readPrometheus(await response.text());
}

async function json(mesh: TestMesh): Promise<MetricsJson> {
  return (await (await fetch(`${mesh.adminUrl}/metrics.json`)).json()) as MetricsJson;
}

/** The sum of the samples of `name` that carry all of `labels`. */
function sum(samples: readonly Sample[], name: string, labels: Record<string, string> = {}): number {
  return samples
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
    .reduce((total, { value }) => total + value, 0);
}

async function ask(mesh: TestMesh): Promise<number> {
  const response = await fetch(mesh.url);
  await response.text();
  return response.status;
}

/** A service with one instance that succeeds and one that always fails (or not), and a mirror with another status. */
async function start(badStatus = 503) {
  const good = await upstreamServer(closing, (_request, response) => void response.end('ok'));
  const bad = await upstreamServer(closing, (_request, response) => void response.writeHead(badStatus).end());
  const shadow = await upstreamServer(closing, (_request, response) => void response.writeHead(404).end());
  const { circuitBreaker } = backendPolicy();
  const config = meshConfig(
    [
      service('shop', [good.port, bad.port], {
        circuitBreaker: {
          ...circuitBreaker,
          consecutiveFailures: 1,
          penalty: { minMs: 60_000, maxMs: 60_000, jitterRatio: 0 },
        },
      }),
      service('shadow', [shadow.port]),
    ],
    [
      route('all', [
        rule({
          backendRefs: [backendRef('shop')],
          retry: { codes: [503], attempts: 2, backoffMs: 1 },
          filters: [
            { type: 'RequestMirror', mirror: { service: 'shadow', port: 80, numerator: 100, denominator: 100 } },
          ],
        }),
      ]),
    ],
  );
  const mesh = await testMesh(closing, config);
  return { mesh, good: `127.0.0.1:${good.port}`, bad: `127.0.0.1:${bad.port}` };
}

describe('metrics', () => {
  test('one scrape has the replies that callers saw, the attempts, and the tripped instances', async () => {
    const { mesh, bad } = await start();
    let sent = 0;
    await until(async () => {
      sent += 1;
      assert.equal(await ask(mesh), 200);
      return sum(await scrape(mesh), 'mesh_breaker_trips_total') > 0;
    }, 'the bad instance is taken out');
    await until(
      async () => sum(await scrape(mesh), 'mesh_shadow_requests_total', { outcome: 'different_status' }) === sent,
      'the mirror has replied',
    );
    const samples = await scrape(mesh);
    const of = (name: string, labels: Record<string, string> = {}) => sum(samples, name, labels);
    const all = { entrance: 'edge', route: 'all', service: 'shop' };
    // Effective: not one failure. Actual: there was one.
    assert.equal(of('http_server_requests_total', { ...all, http_request_method: 'GET', status_class: '2xx' }), sent);
    assert.equal(of('http_server_requests_total'), sent);
    assert.equal(of('http_client_requests_total', { service: 'shop', endpoint: bad, status_class: '5xx' }), 1);
    assert.equal(of('http_client_requests_total', { service: 'shop' }), sent + 1);
    assert.equal(of('mesh_retries_total', { service: 'shop', reason: '503', outcome: 'succeeded' }), 1);
    assert.ok(of('mesh_retry_budget_remaining', { service: 'shop' }) > 0);
    assert.equal(of('mesh_breaker_trips_total', { endpoint: bad, reason: 'consecutive_failures' }), 1);
    assert.equal(of('mesh_breaker_state', { endpoint: bad }), 1);
    assert.equal(of('mesh_endpoints', { service: 'shop', state: 'tripped' }), 1);
    assert.equal(of('mesh_endpoints', { service: 'shop', state: 'ready' }), 1);
    assert.equal(of('mesh_requests_in_flight', { service: 'shop' }), 0);
    assert.equal(of('mesh_requests_queued', { service: 'shop' }), 0);
    assert.ok(of('http_client_open_connections', { service: 'shop' }) >= 1);
    assert.ok(of('http_server_open_connections', { entrance: 'edge' }) >= 1);
    assert.equal(
      of('mesh_shadow_requests_total', { route: 'all', mirror: 'shadow', outcome: 'different_status' }),
      sent,
    );
    for (const family of ['http_server_request_duration', 'http_client_request_duration', 'mesh_shadow_duration']) {
      const quantiles = ['0.5', '0.95', '0.99', '0.999'].map((quantile) =>
        samples.filter(({ name, labels }) => name === `${family}_recent_seconds` && labels.quantile === quantile),
      );
      for (const [i, each] of quantiles.entries()) {
        assert.ok(each.length > 0, family);
        for (const [j, { value }] of each.entries()) assert.ok(value >= (quantiles[i - 1]?.[j]?.value ?? 1e-9), family);
      }
    }
    assert.ok(of('process_cpu_seconds_total') > 0 && of('process_resident_memory_bytes') > 1e6);
  });

  test('are the same as JSON, with percentiles per route, service and endpoint', async () => {
    const { mesh, good, bad } = await start();
    for (let i = 0; i < 20; i += 1) await ask(mesh);
    const { counters, durations, gauges } = await json(mesh);
    const samples = await scrape(mesh);
    const still = counters.filter(({ name }) => name.startsWith('http_'));
    assert.ok(still.length >= 3);
    for (const { name, series } of still) {
      for (const { labels, value } of series) assert.equal(sum(samples, name, labels), value, name);
    }
    assert.deepEqual(
      gauges.map(({ name }) => name).filter((name) => !samples.some((sample) => sample.name === name)),
      // No series yet in any form.
      gauges.filter(({ series }) => series.length === 0).map(({ name }) => name),
    );
    const seriesOf = (name: string) => durations.find((family) => family.name === name)?.series ?? [];
    const server = seriesOf('http_server_request_duration_seconds');
    const client = seriesOf('http_client_request_duration_seconds');
    assert.deepEqual(
      server.map(({ labels, count }) => [labels, count]),
      [[{ entrance: 'edge', route: 'all', service: 'shop' }, 20]],
    );
    assert.ok(client.every(({ labels }) => labels.service === 'shop' && [good, bad].includes(labels.endpoint ?? '')));
    for (const { p50Ms, p95Ms, p99Ms, p999Ms, maxMs } of [...server, ...client]) {
      assert.ok(0 < p50Ms && p50Ms <= p95Ms && p95Ms <= p99Ms && p99Ms <= p999Ms && p999Ms <= maxMs);
    }
  });

  test('series of things that the documents no longer name are dropped', async () => {
    const upstream = await upstreamServer(closing, (_request, response) => void response.end('ok'));
    const config = (name: string) =>
      meshConfig([service(name, [upstream.port])], [route(`to-${name}`, [rule({ backendRefs: [backendRef(name)] })])]);
    // Due every 30 s: the end of a period, and drained instances.
    let due: (() => void)[] = [];
    const endPeriod = () => {
      const tasks = due;
      due = [];
      for (const task of tasks) task();
    };
    const clock: Clock = {
      ...systemClock,
      after(delayMs, task) {
        if (delayMs !== periodMs) return systemClock.after(delayMs, task);
        due.push(task);
        return () => {
          due = due.filter((other) => other !== task);
        };
      },
    };
    const mesh = await testMesh(closing, config('old'), { clock });
    await ask(mesh);
    mesh.documents = { config: config('new') };
    await mesh.reload('test', '');
    await ask(mesh);
    const named = async () => new Set((await scrape(mesh)).flatMap(({ labels }) => [labels.route, labels.service]));
    assert.ok((await named()).has('to-old') && (await named()).has('old'));
    endPeriod();
    endPeriod();
    const left = await named();
    assert.ok(!left.has('to-old') && !left.has('old'), [...left].join());
    assert.ok(left.has('to-new') && left.has('new'));
  });

  test('a client that tries every method, host, path and header takes no place from a route that comes later', async () => {
    const { mesh } = await start(200);
    const chars = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
    const word = (i: number) => `X${chars[i % 26]}${chars[Math.floor(i / 26) % 26]}`;
    const send = async (port: number, i: number) => {
      const client = await RawClient.to(port, closing);
      client.send(
        `${['GET', 'PUT', 'DELETE', 'MKCOL', 'REPORT', 'PURGE', 'OPTIONS'][i % 7]} /${word(i)}?${word(i)} HTTP/1.1`,
        `Host: ${word(i)}.example`,
        `x-${word(i)}: ${word(i)}`,
        `x-mesh-override: shop=${word(i)}`,
        `user-agent: ${word(i)}`,
        `x-request-id: ${word(i)}`,
        'Connection: close',
        '',
        '',
      );
      await client.untilClosed();
    };
    for (let i = 0; i < 7; i += 1) for (const port of [mesh.edgePort, mesh.internalPort]) await send(port, i);
    const keyOf = ({ name, labels }: Sample) => `${name} ${JSON.stringify(labels)}`;
    const bounded = async () => new Set((await scrape(mesh)).map(keyOf));
    const before = await bounded();
    for (let i = 7; i < 200; i += 1) await send(i % 2 === 0 ? mesh.edgePort : mesh.internalPort, i);
    const added = [...(await bounded())].filter((key) => !before.has(key));
    // The client does not decide which instance was chosen, or whether a mirror was busy.
    assert.deepEqual(
      added.filter((key) => !/^(mesh_shadow|http_client)/.test(key)),
      [],
    );
    assert.ok(before.size < placesMax, `${before.size} series`);
    assert.doesNotMatch([...(await bounded())].join('\n'), /"X[A-Z]{2}|MKCOL|PURGE|REPORT/i);
  });
});
