import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { MetricsJson } from './telemetry/metrics.ts';
import type { Span } from './telemetry/trace.ts';
import { type CollectedSpan, collector } from './testing/collector.ts';
import { backendPolicy, backendRef, meshConfig, route, routePolicy, rule, service } from './testing/config.ts';
import { Closing, RawClient, type TestMesh, testMesh, until, upstreamServer } from './testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';
const sampled = { traceparent: `00-${traceId}-${parentId}-01` };

/** `/shop` leads to a service with a number of 503s, then 200; and 404 for `/shop/404`. */
async function start(failures: number, over: Parameters<typeof testMesh>[2] = {}) {
  let left = failures;
  const parents: string[] = [];
  const upstream = await upstreamServer(closing, (request, response) => {
    parents.push(String(request.headers.traceparent));
    left -= 1;
    response.statusCode = request.url?.startsWith('/shop/404') ? 404 : left >= 0 ? 503 : 200;
    response.end('ok');
  });
  const policies = backendPolicy();
  const config = meshConfig(
    [service('shop', [upstream.port], { circuitBreaker: { ...policies.circuitBreaker, enabled: false } })],
    [
      route(
        'all',
        [
          rule({
            matches: [{ path: { type: 'PathPrefix', value: '/shop' }, headers: [], queryParams: [] }],
            backendRefs: [backendRef('shop')],
            retry: { codes: [503], attempts: 3, backoffMs: 1 },
          }),
        ],
        { policy: routePolicy() },
      ),
    ],
  );
  return { mesh: await testMesh(closing, config, over), parents, port: upstream.port };
}

async function ask(url: string, init: RequestInit = {}): Promise<number> {
  const response = await fetch(url, init);
  await response.text();
  return response.status;
}

async function dropped(mesh: TestMesh, reason: string): Promise<number> {
  const { counters } = (await (await fetch(`${mesh.adminUrl}/metrics.json`)).json()) as MetricsJson;
  const family = counters.find(({ name }) => name === 'mesh_trace_spans_dropped_total');
  return family?.series.find(({ labels }) => labels.reason === reason)?.value ?? 0;
}

describe('the data of a collector', () => {
  test('is OTLP to the letter: a server span by the conventions for HTTP, and a client span for each attempt', async () => {
    const held = await collector(closing);
    const { mesh, parents, port } = await start(2, { otlpTracesUrl: held.url });
    assert.equal(await ask(`${mesh.url}/shop/cart?token=secret`, { headers: sampled }), 200);
    await until(() => held.spans.length > 0 || held.violations.length > 0, 'the collector gets something');
    assert.deepEqual(held.violations, []);
    assert.equal(held.resource['service.name'], 'mesh');
    const [server, ...attempts] = held.spans as [CollectedSpan, ...CollectedSpan[]];
    assert.deepEqual(
      [server.name, server.kind, server.status, server.traceId, server.parentSpanId],
      ['GET /shop', 2, 0, traceId, parentId],
    );
    const { 'mesh.request_id': id, ...attributes } = server.attributes;
    assert.match(String(id), /^[0-9a-f-]{36}$/);
    assert.deepEqual(attributes, {
      'http.request.method': 'GET',
      'url.scheme': 'http',
      'url.path': '/shop/cart',
      'client.address': '127.0.0.1',
      'server.address': '127.0.0.1',
      'server.port': mesh.edgePort,
      'http.response.status_code': 200,
      'http.route': '/shop',
      'mesh.entrance': 'edge',
      'mesh.route': 'all/0',
      'mesh.service': 'shop',
    });
    assert.deepEqual(
      attempts.map((span) => [span.name, span.kind, span.status, span.parentSpanId]),
      [
        ['GET', 3, 2, server.spanId],
        ['GET', 3, 2, server.spanId],
        ['GET', 3, 0, server.spanId],
      ],
    );
    assert.deepEqual(attempts[1]?.attributes, {
      'http.request.method': 'GET',
      'server.address': '127.0.0.1',
      'server.port': port,
      'url.full': `http://127.0.0.1:${port}/shop/cart`,
      'http.request.resend_count': 1,
      'http.response.status_code': 503,
      'error.type': '503',
      'mesh.attempt': 2,
      'mesh.endpoint': `127.0.0.1:${port}`,
      'mesh.service': 'shop',
    });
    // Each attempt was sent with its own span as parent, within the span of the request.
    assert.deepEqual(
      attempts.map((span) => `00-${traceId}-${span.spanId}-01`),
      parents,
    );
    for (const span of attempts) assert.ok(span.startNs >= server.startNs - 1_000_000n);
  });

  test('has no span name from a client', async () => {
    const held = await collector(closing);
    const { mesh } = await start(0, { otlpTracesUrl: held.url });
    const long = 'x'.repeat(4000);
    for (const method of ['PROPFIND', 'M-SEARCH']) {
      const client = await RawClient.to(mesh.edgePort, closing);
      client.send(`${method} /shop/${long} HTTP/1.1`, 'Host: a.example', 'Connection: close', '', '');
      await client.untilClosed();
    }
    assert.equal(await ask(`${mesh.url}/elsewhere/7`), 404);
    assert.equal(await ask(`${mesh.url}/shop/404`), 404);
    await until(() => held.spans.length >= 7 || held.violations.length > 0, 'the collector gets them');
    assert.deepEqual(held.violations, []);
    const servers = held.spans.filter(({ kind }) => kind === 2);
    assert.deepEqual(
      servers.map(({ name }) => name),
      ['HTTP /shop', 'HTTP /shop', 'GET', 'GET /shop'],
    );
    assert.deepEqual(
      [servers[0]?.attributes['http.request.method'], servers[0]?.attributes['http.request.method_original']],
      ['_OTHER', 'PROPFIND'],
    );
    assert.equal(String(servers[0]?.attributes['url.path']).length, 256);
    // A client's mistake is no error of the server, but one of the client.
    assert.deepEqual(
      held.spans
        .filter(({ attributes }) => attributes['http.response.status_code'] === 404)
        .map(({ kind, status }) => [kind, status]),
      [
        [2, 0],
        [2, 0],
        [3, 2],
      ],
    );
  });

  test('that it refuses is counted, and later traces reach it', async () => {
    const held = await collector(closing);
    const { mesh } = await start(0, { otlpTracesUrl: held.url });
    held.status = 400;
    assert.equal(await ask(`${mesh.url}/shop`), 200);
    await until(async () => (await dropped(mesh, 'export_failed')) === 2, 'the loss is counted');
    held.status = 200;
    assert.equal(await ask(`${mesh.url}/shop`), 200);
    await until(() => held.spans.length === 2, 'the next trace arrives');
    assert.equal(await dropped(mesh, 'export_failed'), 2);
  });

  test('is sent when the mesh ends, without waiting for a batch to fill', async () => {
    const held = await collector(closing);
    const { mesh } = await start(0, { otlpTracesUrl: held.url });
    for (let i = 0; i < 3; i += 1) await ask(`${mesh.url}/shop`);
    await mesh.stop();
    assert.equal(held.spans.length, 6);
    assert.deepEqual(held.violations, []);
  });
});

describe('a decision on sampling', () => {
  test('of a caller stands, whatever the share is', async () => {
    const held = await collector(closing);
    for (const traceSamplePercent of [0, 100]) {
      const { mesh, parents } = await start(0, { otlpTracesUrl: held.url, traceSamplePercent });
      const given = [
        sampled,
        { traceparent: `00-${traceId}-${parentId}-00` },
        { b3: `${traceId}-${parentId}-1` },
        { b3: `${traceId}-${parentId}-0` },
        { b3: '0' },
        { 'x-b3-traceid': traceId, 'x-b3-spanid': parentId, 'x-b3-sampled': '0' },
        { 'x-b3-traceid': traceId, 'x-b3-spanid': parentId, 'x-b3-flags': '1' },
      ];
      for (const headers of given) await ask(`${mesh.url}/shop`, { headers });
      assert.deepEqual(
        parents.map((parent) => parent.slice(-2)),
        ['01', '00', '01', '00', '00', '00', '01'],
      );
      // Undecided: by the share.
      await ask(`${mesh.url}/shop`, { headers: { b3: `${traceId}-${parentId}` } });
      assert.equal(parents.at(-1)?.slice(-2), traceSamplePercent === 0 ? '00' : '01');
      await mesh.stop();
    }
    assert.equal(held.spans.length, (3 + 4) * 2);
  });

  test('does not affect the ring of traces, which has all', async () => {
    const { mesh } = await start(0, { traceSamplePercent: 0, tracesKept: 3 });
    for (let i = 0; i < 5; i += 1) await ask(`${mesh.url}/shop/${i}`);
    const { traces } = (await (await fetch(`${mesh.adminUrl}/traces`)).json()) as { traces: Span[] };
    assert.deepEqual(
      traces.map(({ attributes, children }) => [attributes['url.path'], children.length]),
      [
        ['/shop/4', 1],
        ['/shop/3', 1],
        ['/shop/2', 1],
      ],
    );
  });
});

test('a request with two parents has none', async () => {
  const { mesh, parents } = await start(0);
  const client = await RawClient.to(mesh.edgePort, closing);
  const other = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  client.send(
    'GET /shop HTTP/1.1',
    'Host: a.example',
    `traceparent: ${sampled.traceparent}`,
    `traceparent: ${other}`,
    'Connection: close',
    '',
    '',
  );
  await client.untilClosed();
  assert.match(parents[0] ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  assert.doesNotMatch(parents[0] ?? '', new RegExp(`${traceId}|aaaaaaaa`));
});
