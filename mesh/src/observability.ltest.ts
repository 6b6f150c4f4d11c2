import assert from 'node:assert/strict';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { AccessLogPolicy } from './config/policy-model.ts';
import type { ErrorGroup } from './telemetry/error-groups.ts';
import type { MetricsJson } from './telemetry/metrics.ts';
import type { Stats } from './telemetry/stats.ts';
import type { Span } from './telemetry/trace.ts';
import { startCli } from './testing/cli.ts';
import { backendPolicy, backendRef, meshConfig, route, routePolicy, rule, service } from './testing/config.ts';
import { Closing, RawClient, type TestMesh, testMesh, until, upstreamServer } from './testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

type Over = NonNullable<Parameters<typeof testMesh>[2]>;

/** One service behind the route `all`, which fails as its path says, and remembers the requests. */
async function start(over: Over & { accessLog?: AccessLogPolicy } = {}) {
  const { accessLog, ...settings } = over;
  const received: IncomingHttpHeaders[] = [];
  const waiting: ServerResponse[] = [];
  const upstream = await upstreamServer(closing, (request, response) => {
    received.push(request.headers);
    if (request.url === '/wait') waiting.push(response);
    else if (request.url?.startsWith('/reset')) response.destroy();
    else if (request.url?.startsWith('/half')) {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => response.destroy());
    } else {
      response.statusCode = Number(/^\/status\/(\d+)/.exec(request.url ?? '')?.[1] ?? 200);
      response.end('ok');
    }
  });
  const policy = accessLog === undefined ? {} : { policy: routePolicy({ accessLog }) };
  const config = meshConfig(
    [service('shop', [upstream.port], { circuitBreaker: { ...backendPolicy().circuitBreaker, enabled: false } })],
    [route('all', [rule({ backendRefs: [backendRef('shop')] })], policy)],
  );
  const mesh = await testMesh(closing, config, settings);
  return { mesh, received, waiting, endpoint: `127.0.0.1:${upstream.port}` };
}

/** Sends one request and reads its reply. Resolves with its status. */
async function ask(mesh: TestMesh, path = '/', init: RequestInit = {}): Promise<number> {
  const response = await fetch(mesh.url + path, init);
  await response.text();
  return response.status;
}

async function admin<T>(mesh: TestMesh, path: string): Promise<T> {
  const response = await fetch(mesh.adminUrl + path);
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as T;
}

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';

describe('a trace', () => {
  test('goes on as W3C: same trace, same decision, its state, and the attempt as parent', async () => {
    const { mesh, received } = await start();
    await ask(mesh, '/', { headers: { traceparent: `00-${traceId}-${parentId}-00`, tracestate: 'vendor=1' } });
    const [, trace, span, flags] = received[0]?.traceparent?.toString().split('-') ?? [];
    assert.deepEqual([trace, flags, received[0]?.tracestate], [traceId, '00', 'vendor=1']);
    assert.equal(received[0]?.b3, undefined);
    const { traces } = await admin<{ traces: Span[] }>(mesh, `/traces/${traceId}`);
    assert.equal(traces[0]?.parentId, parentId);
    assert.equal(traces[0]?.children[0]?.spanId, span);
  });

  test('goes on as B3 in the form it came in, beside W3C', async () => {
    const { mesh, received } = await start();
    await ask(mesh, '/', { headers: { b3: `${traceId}-${parentId}-0` } });
    await ask(mesh, '/', {
      headers: { 'x-b3-traceid': traceId, 'x-b3-spanid': parentId, 'x-b3-sampled': '1', 'x-b3-parentspanid': parentId },
    });
    const [single, multi] = received;
    const [, trace, span] = single?.traceparent?.toString().split('-') ?? [];
    assert.equal(trace, traceId);
    assert.equal(single?.b3, `${traceId}-${span}-0`);
    assert.equal(single?.['x-b3-traceid'], undefined);
    assert.equal(multi?.['x-b3-traceid'], traceId);
    assert.notEqual(multi?.['x-b3-spanid'], parentId);
    assert.equal(multi?.['x-b3-sampled'], '1');
    assert.equal(multi?.['x-b3-parentspanid'], undefined);
  });

  test('that cannot be read begins anew, without the state of another', async () => {
    const { mesh, received } = await start();
    await ask(mesh, '/', { headers: { traceparent: '00-xyz', tracestate: 'vendor=1' } });
    assert.match(received[0]?.traceparent?.toString() ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    assert.equal(received[0]?.tracestate, undefined);
  });

  test('is sampled by the configured share, if no caller has decided', async () => {
    const { mesh, received } = await start({ traceSamplePercent: 0 });
    await ask(mesh);
    await ask(mesh, '/', { headers: { b3: '1' } });
    await ask(mesh, '/', { headers: { traceparent: `00-${traceId}-${parentId}-01` } });
    assert.deepEqual(
      received.map(({ traceparent }) => traceparent?.toString().slice(-2)),
      ['00', '01', '01'],
    );
  });

  test('can be found by its attributes', async () => {
    const { mesh } = await start();
    for (const path of ['/status/200', '/status/404', '/status/503', '/reset']) await ask(mesh, path);
    const statuses = async (query: string) =>
      (await admin<{ traces: Span[] }>(mesh, `/traces?${query}`)).traces.map(
        ({ attributes }) => attributes['http.response.status_code'],
      );
    assert.deepEqual(await statuses(''), [502, 503, 404, 200]);
    assert.deepEqual(await statuses('status=4xx'), [404]);
    assert.deepEqual(await statuses('failed=true&path=/status'), [503]);
    assert.deepEqual(await statuses('route=all&limit=1'), [502]);
    assert.deepEqual(await statuses('route=other'), []);
    assert.deepEqual(await statuses('minMs=600000'), []);
    const refused = await fetch(`${mesh.adminUrl}/traces?status=9xx&nonsense=1`);
    assert.equal(refused.status, 422);
    assert.match(await refused.text(), /status must be[\s\S]*there is no nonsense/);
  });
});

interface Otlp {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] };
    scopeSpans: { spans: { traceId: string; spanId: string; parentSpanId?: string; kind: number; name: string }[] }[];
  }[];
}

describe('a collector', () => {
  test('gets sampled traces by OTLP, and only those', async () => {
    const requests: { url: string; type: string; body: Otlp }[] = [];
    const collector = await upstreamServer(closing, async (request, response) => {
      const body = await readText(request);
      requests.push({ url: request.url ?? '', type: request.headers['content-type'] ?? '', body: JSON.parse(body) });
      response.setHeader('content-type', 'application/json').end('{}');
    });
    const { mesh } = await start({ otlpTracesUrl: `http://127.0.0.1:${collector.port}/v1/traces` });
    await ask(mesh, '/', { headers: { traceparent: `00-${traceId}-${parentId}-01` } });
    await ask(mesh, '/', { headers: { traceparent: `00-${traceId}-${parentId}-00` } });
    await until(() => requests.length > 0, 'the collector gets something');
    assert.equal(requests[0]?.url, '/v1/traces');
    assert.equal(requests[0]?.type, 'application/json');
    const [resourceSpan] = requests[0]?.body.resourceSpans ?? [];
    assert.ok(
      resourceSpan?.resource.attributes.some(
        ({ key, value }) => key === 'service.name' && value.stringValue === 'mesh',
      ),
    );
    const spans = resourceSpan?.scopeSpans[0]?.spans ?? [];
    assert.deepEqual(
      spans.map(({ kind, name, traceId: id }) => [kind, name, id]),
      [
        [2, 'GET /', traceId],
        [3, 'GET', traceId],
      ],
    );
    assert.equal(spans[0]?.parentSpanId, parentId);
    assert.equal(spans[1]?.parentSpanId, spans[0]?.spanId);
    await until(async () => (await counter(mesh, 'mesh_trace_spans_exported_total')) === 2, 'they are counted');
  });

  test('that is away, or hangs, fails no request and delays no stop', async () => {
    const waiting: IncomingMessage[] = [];
    const hanging = await upstreamServer(closing, (request) => void waiting.push(request));
    const { mesh } = await start({ otlpTracesUrl: `http://127.0.0.1:${hanging.port}/v1/traces` });
    for (let i = 0; i < 100; i += 1) assert.equal(await ask(mesh), 200);
    await until(() => waiting.length > 0, 'the collector has a request');
    await mesh.stop();
    assert.equal(waiting[0]?.socket.destroyed, false, 'no request has waited for the collector');
  });
});

async function counter(mesh: TestMesh, name: string): Promise<number> {
  const { counters } = await admin<MetricsJson>(mesh, '/metrics.json');
  return counters.find((family) => family.name === name)?.series.reduce((sum, { value }) => sum + value, 0) ?? 0;
}

describe('failures', () => {
  test('are grouped by what, where and why, with a sample that leads to its trace', async () => {
    const { mesh, endpoint } = await start();
    await ask(mesh, '/status/500?token=secret', { headers: { traceparent: `00-${traceId}-${parentId}-01` } });
    for (let i = 0; i < 3; i += 1) await ask(mesh, `/status/500?token=secret${i}`);
    // POST: no retry.
    await ask(mesh, '/reset', { method: 'POST' });
    await ask(mesh, '/status/404');
    const groups = () => admin<{ groups: ErrorGroup[] }>(mesh, '/errors').then(({ groups: all }) => all);
    await until(async () => (await groups()).length === 2, 'both kinds are there');
    const [reset, status] = await groups();
    assert.deepEqual(
      [reset?.what, reset?.side, reset?.route, reset?.service, reset?.endpoint, reset?.count, reset?.seenByCallers],
      ['upstream_reset', 'upstream', 'all/0', 'shop', endpoint, 1, 1],
    );
    assert.match(reset?.why ?? '', /^[A-Z_]+$/);
    assert.deepEqual([status?.what, status?.count, status?.seenByCallers], ['status 500', 4, 4]);
    assert.equal(status?.sample.path, '/status/500');
    assert.ok((status?.first ?? '') <= (status?.last ?? ''));
    assert.doesNotMatch(JSON.stringify(await groups()), /secret/);
    const { traces } = await admin<{ traces: Span[] }>(mesh, `/traces/${status?.sample.traceId}`);
    assert.equal(traces.length, 1);
  });

  test('of a truncated body are those of the attempt: once, at the endpoint, seen by the caller', async () => {
    const { mesh, endpoint } = await start();
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET /half HTTP/1.1', 'Host: shop', '', '');
    await client.untilClosed();
    const { groups } = await admin<{ groups: ErrorGroup[] }>(mesh, '/errors');
    assert.deepEqual(
      groups.map((group) => [group.what, group.endpoint, group.count, group.seenByCallers, group.sample.status]),
      [['upstream_reset', endpoint, 1, 1, 200]],
    );
  });

  test('without an attempt are there too, and a hostile client makes no group of its own', async () => {
    const { mesh } = await start();
    const strangers = await testMesh(closing, meshConfig([], []));
    for (let i = 0; i < 30; i += 1) await ask(strangers, `/${i}`, { headers: { 'user-agent': `${i}` } });
    const { groups } = await admin<{ groups: ErrorGroup[] }>(strangers, '/errors');
    assert.deepEqual(
      groups.map(({ what, side, count, seenByCallers }) => [what, side, count, seenByCallers]),
      [['no_route', 'mesh', 30, 30]],
    );
    const table = startCli(strangers, 'errors');
    assert.equal(await table.code, 0);
    assert.match(
      table.out.join('\n'),
      /FIRST +LAST +COUNT[\s\S]*T\S+Z +\S+Z +30 +30 +no_route +mesh +No route leads there\. +GET \/29 +[0-9a-f]{32}/,
    );
    const none = startCli(mesh, 'errors');
    await none.code;
    assert.deepEqual(none.out, ['Nothing has failed.']);
  });
});

describe('mesh tap', () => {
  test('shows requests that match its filter, without queries and header values', async () => {
    const { mesh, endpoint } = await start();
    const tap = startCli(mesh, 'tap', '--route', 'all', '--status', '5xx', '--count', '2', '--json');
    await until(async () => (await gauge(mesh, 'mesh_tap_watchers')) === 1, 'it watches');
    await ask(mesh, '/status/200');
    await ask(mesh, '/status/500?token=secret', { headers: { authorization: 'Bearer secret', cookie: 'secret' } });
    await ask(mesh, '/reset', { method: 'POST' });
    assert.equal(await tap.code, 0);
    const [status, reset] = tap.out.map((line) => JSON.parse(line));
    assert.deepEqual(
      [status.status, status.path, status.method, status.service, status.endpoint],
      [500, '/status/500', 'GET', 'shop', endpoint],
    );
    assert.deepEqual([reset.status, reset.reason, reset.flags], [502, 'upstream_reset', ['UC']]);
    assert.doesNotMatch(tap.out.join(), /secret/);
    await until(async () => (await gauge(mesh, 'mesh_tap_watchers')) === 0, 'it has gone');
  });

  test('is readable for people, and refuses filters without meaning', async () => {
    const { mesh } = await start();
    const tap = startCli(mesh, 'tap', '--count', '1');
    await until(async () => (await gauge(mesh, 'mesh_tap_watchers')) === 1, 'it watches');
    await ask(mesh, '/a');
    await tap.code;
    assert.match(
      tap.out.join(),
      /^\S+Z 200 [\d.]+ ms GET 127\.0\.0\.1:\d+\/a -> all\/0 shop 127\.0\.0\.1:\d+ [0-9a-f]{32}$/,
    );
    const wrong = startCli(mesh, 'tap', '--status', 'bad');
    assert.equal(await wrong.code, 1);
    assert.match(wrong.err.join('\n'), /status must be/);
    for (const args of [
      ['tap', '--count', 'many'],
      ['tap', '--per-second', '0'],
      ['errors', '--limit', '-1'],
    ]) {
      const refused = startCli(mesh, ...args);
      assert.equal(await refused.code, 1);
      assert.match(refused.err.join('\n'), /must be a whole number/);
    }
  });

  test('needs the right to read, and ends with the mesh', async () => {
    const { mesh } = await start({ adminToken: 'change', adminReadToken: 'read' });
    assert.equal((await fetch(`${mesh.adminUrl}/tap`)).status, 401);
    const response = await fetch(`${mesh.adminUrl}/tap`, { headers: { authorization: 'Bearer read' } });
    assert.equal(response.headers.get('content-type'), 'application/x-ndjson');
    await mesh.stop();
    assert.equal(await response.text(), '{"event":"alive","dropped":0}\n');
  });

  test('a reader that takes nothing delays no request, and the lines that it misses are counted', async () => {
    const { mesh } = await start();
    const reader = await RawClient.to(mesh.adminPort, closing);
    reader.socket.pause();
    reader.send('GET /tap?perSecond=10000 HTTP/1.1', 'Host: localhost', '', '');
    await until(async () => (await gauge(mesh, 'mesh_tap_watchers')) === 1, 'it watches');
    const path = `/${'x'.repeat(8000)}`;
    await until(async () => {
      await Promise.all(Array.from({ length: 50 }, async () => assert.equal(await ask(mesh, path), 200)));
      return (await counter(mesh, 'mesh_tap_dropped_total')) > 0;
    }, 'lines are dropped');
  });
});

async function gauge(mesh: TestMesh, name: string): Promise<number> {
  const { gauges } = await admin<MetricsJson>(mesh, '/metrics.json');
  return gauges.find((family) => family.name === name)?.series[0]?.value ?? 0;
}

describe('metrics', () => {
  test('no path, method, host or header of a client makes a series', async () => {
    const { mesh } = await start();
    const series = async () => {
      const { counters, durations, gauges } = await admin<MetricsJson>(mesh, '/metrics.json');
      return [...counters, ...durations, ...gauges].flatMap(({ name, series }) =>
        series.map(({ labels }) => ({ name, labels })),
      );
    };
    const send = async (port: number, i: string) => {
      const client = await RawClient.to(port, closing);
      client.send(`PROPFIND /${i}?${i} HTTP/1.1`, `Host: ${i}.example`, `x-${i}: ${i}`, 'Connection: close', '', '');
      await client.untilClosed();
    };
    await send(mesh.edgePort, 'hostile');
    await send(mesh.internalPort, 'hostile');
    const before = await series();
    for (let i = 0; i < 40; i += 1) {
      await send(mesh.edgePort, `hostile${i}`);
      await send(mesh.internalPort, `hostile${i}`);
    }
    assert.equal((await series()).length, before.length);
    assert.doesNotMatch(JSON.stringify(await series()), /hostile|PROPFIND/);
  });
});

describe('recent figures', () => {
  test('show the replies that callers saw beside the attempts', async () => {
    const { mesh, endpoint } = await start();
    for (let i = 0; i < 3; i += 1) await ask(mesh, '/status/200');
    await ask(mesh, '/status/500');
    // A successful head, and a truncated body.
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET /half HTTP/1.1', 'Host: shop', '', '');
    await client.untilClosed();
    const { routes, services, endpoints } = await admin<Stats>(mesh, '/stats');
    assert.deepEqual(
      routes.map(({ route, service, count, successRate }) => [route, service, count, successRate]),
      [['all', 'shop', 5, 0.6]],
    );
    assert.ok((routes[0]?.p50Ms ?? 0) > 0 && (routes[0]?.p999Ms ?? 0) >= (routes[0]?.p50Ms ?? 0));
    assert.deepEqual([services[0]?.effective.successRate, services[0]?.actual.successRate], [0.6, 0.6]);
    assert.deepEqual(
      endpoints.map(({ endpoint: id, count }) => [id, count]),
      [[endpoint, 5]],
    );
    const table = startCli(mesh, 'stats');
    assert.equal(await table.code, 0);
    assert.match(table.out.join('\n'), /all +shop +60\.00 %[\s\S]*shop +effective +60\.00 %[\s\S]*actual +60\.00 %/);
  });

  test('says how many connections are open and what is expected of each endpoint', async () => {
    const { mesh } = await start();
    await ask(mesh);
    const client = await RawClient.to(mesh.edgePort, closing);
    const text = await (await fetch(`${mesh.adminUrl}/metrics`)).text();
    assert.match(text, /http_server_open_connections\{entrance="edge"\} [1-9]/);
    assert.match(text, /mesh_endpoint_expected_latency_seconds\{service="shop",endpoint="[^"]+"\} 0\.\d+/);
    assert.match(text, /mesh_endpoints\{service="shop",state="ready"\} 1\n/);
    assert.match(text, /mesh_endpoints\{service="shop",state="tripped"\} 0\n/);
    client.socket.destroy();
  });

  test('an instance that has left leaves no series', async () => {
    const { mesh, endpoint, waiting } = await start();
    await ask(mesh);
    const [port] = mesh.registry.services();
    assert.ok(port !== undefined);
    assert.match(await (await fetch(`${mesh.adminUrl}/metrics`)).text(), new RegExp(endpoint));
    // One attempt is still in flight when it leaves: its end makes no series either.
    const last = ask(mesh, '/wait');
    await until(() => waiting.length === 1, 'it is in flight');
    mesh.registry.setEndpoints(port, []);
    waiting[0]?.writeHead(500).end();
    assert.equal(await last, 500);
    assert.doesNotMatch(await (await fetch(`${mesh.adminUrl}/metrics`)).text(), new RegExp(endpoint));
  });
});

describe('the access log', () => {
  test('samples successful requests, and has every failure', async () => {
    let point = 0;
    const { mesh } = await start({ random: () => point, accessLog: { samplePercent: 25, alwaysFailures: true } });
    for (const at of [0.1, 0.249, 0.25, 0.9]) {
      point = at;
      await ask(mesh, `/${at}`);
    }
    await ask(mesh, '/status/500');
    await ask(mesh, '/reset', { method: 'POST' });
    await until(() => mesh.log.requests().length >= 4, 'they are logged');
    assert.deepEqual(
      mesh.log.requests().map(({ path, status, flags }) => [path, status, flags]),
      [
        ['/0.1', 200, undefined],
        ['/0.249', 200, undefined],
        ['/status/500', 500, undefined],
        ['/reset', 502, ['UC']],
      ],
    );
  });

  test('samples failures too if configured', async () => {
    const { mesh } = await start({ random: () => 0.5, accessLog: { samplePercent: 0, alwaysFailures: false } });
    await ask(mesh, '/status/500');
    await ask(mesh);
    await mesh.stop();
    assert.deepEqual(mesh.log.requests(), []);
  });
});
