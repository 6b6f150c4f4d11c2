import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Metrics } from '../observe/metrics.ts';
import { until } from '../testing/until.ts';
import { exportSpans, type SpanExport } from './span-export.ts';
import { Spans } from './spans.ts';

const [trace, caller] = ['1'.repeat(32), '2'.repeat(16)];

interface Sent {
  path: string | undefined;
  headers: IncomingHttpHeaders;
  body: { resourceSpans: { resource: unknown; scopeSpans: { spans: Record<string, unknown>[] }[] }[] };
}

describe('spans on their way to the mesh', () => {
  let server: Server;
  let meshUrl: string;
  let status = 200;
  const requests: Sent[] = [];
  let spans: Spans;
  let metrics: Metrics;
  let exported: SpanExport;

  before(async () => {
    server = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      requests.push({ path: request.url, headers: request.headers, body: JSON.parse(text) });
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    meshUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    requests.length = 0;
    status = 200;
    spans = new Spans();
    metrics = new Metrics();
    exported = exportSpans(spans, { meshUrl, token: 'secret', service: 'things', metrics });
  });
  afterEach(() => exported.close());

  const make = (count = 1) => {
    for (let n = 0; n < count; n += 1) {
      const span = spans.begin('server', `00-${trace}-${caller}-01`);
      span?.end('GET /things', { 'url.path': '/things', 'http.response.status_code': 500 }, true);
    }
  };
  const sent = () =>
    requests.flatMap(({ body }) =>
      body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((one) => one.spans)),
    );
  const count = async (series: string) =>
    Number(
      (await metrics.render())
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.split(' ')[1],
    );

  test('leave as OTLP in JSON, with the name of the service', async () => {
    make();
    await until('a request', () => requests.length === 1);
    const [{ path, headers, body }] = requests as [Sent];
    assert.equal(path, '/v1/traces');
    assert.equal(headers.authorization, 'Bearer secret');
    assert.deepEqual(body.resourceSpans[0]?.resource, {
      attributes: [{ key: 'service.name', value: { stringValue: 'things' } }],
    });
    const [{ spanId, startTimeUnixNano, endTimeUnixNano, ...rest } = {}] = sent();
    assert.match(String(spanId), /^[\da-f]{16}$/);
    assert.match(String(startTimeUnixNano), /^\d{19}$/);
    assert.ok(BigInt(String(endTimeUnixNano)) >= BigInt(String(startTimeUnixNano)));
    assert.deepEqual(rest, {
      ...{ traceId: trace, parentSpanId: caller, flags: 1, name: 'GET /things', kind: 2, status: { code: 2 } },
      attributes: [
        { key: 'url.path', value: { stringValue: '/things' } },
        { key: 'http.response.status_code', value: { intValue: '500' } },
      ],
    });
    await until('the count', async () => (await count('trace_spans_exported_total')) === 1);
  });

  test('leave in batches', async () => {
    make(300);
    await until('all', () => sent().length === 300);
    assert.deepEqual(
      requests.map(({ body }) => body.resourceSpans[0]?.scopeSpans[0]?.spans.length),
      [128, 128, 44],
    );
  });

  test('are dropped and counted where too many wait', async () => {
    make(2_100);
    assert.equal(await count('trace_spans_dropped_total{reason="queue_full"}'), 52);
  });

  test('are dropped and counted where the mesh refuses them, and the next ones go on', async () => {
    status = 401;
    make(3);
    await until('the count', async () => (await count('trace_spans_dropped_total{reason="export_failed"}')) === 3);
    status = 200;
    make(2);
    await until('the others', async () => (await count('trace_spans_exported_total')) === 2);
  });

  test('hold nothing up while the mesh is away', async () => {
    await exported.close();
    metrics = new Metrics();
    exported = exportSpans(spans, { meshUrl: 'http://127.0.0.1:1', service: 'things', metrics });
    make(3);
    await exported.close();
    assert.equal(await count('trace_spans_dropped_total{reason="export_failed"}'), 3);
  });

  test('leave when the process ends, and none is begun after that', async () => {
    make(2);
    await exported.close();
    assert.equal(sent().length, 2);
    assert.equal(spans.begin('server', `00-${trace}-${caller}-01`), null);
  });
});
