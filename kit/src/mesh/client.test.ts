import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { ServiceError } from '../service/errors.ts';
import { deadlineOf, openMeshClient, type StreamingMeshClient, timeoutHeader } from './client.ts';
import { type Span, Spans } from './spans.ts';

describe('a client of the mesh', () => {
  let server: Server;
  let client: StreamingMeshClient;
  const spans = new Spans();
  let requests: IncomingMessage[] = [];
  let respond: (request: IncomingMessage, response: ServerResponse) => void = () => {};

  before(async () => {
    server = createServer((request, response) => {
      requests.push(request);
      respond(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    client = openMeshClient({ meshUrl: `http://127.0.0.1:${port}`, maxReplyBytes: 10, spans });
  });
  after(async () => {
    await client.close();
    server.closeAllConnections();
    server.close();
  });
  const code = (wanted: string) => (error: unknown) => error instanceof ServiceError && error.code === wanted;

  test('sends the service as Host, the trace and the time limit', async () => {
    requests = [];
    respond = (_request, response) => response.writeHead(201).end('made');
    const got = await client.send({
      service: 'monolith',
      method: 'POST',
      path: '/a?b=c',
      headers: { 'content-type': 'text/plain' },
      body: 'x',
      trace: { traceparent: 'tp', tracestate: 'ts', baggage: 'b=1' },
      timeoutMs: 1_500,
    });
    assert.deepEqual([got.status, got.text, got.retryable], [201, 'made', true]);
    const [request] = requests;
    assert.equal(request?.url, '/a?b=c');
    const { host, traceparent, tracestate, baggage, [timeoutHeader]: timeout } = request?.headers ?? {};
    assert.deepEqual([host, traceparent, tracestate, baggage, timeout], ['monolith', 'tp', 'ts', 'b=1', '1500']);
  });

  test('makes a span of a call whose trace is sampled, and sends it as the parent', async () => {
    const made: Span[] = [];
    const stop = spans.listen((span) => made.push(span));
    requests = [];
    respond = (_request, response) => response.writeHead(requests.length === 1 ? 200 : 404).end('ok');
    const trace = { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`, baggage: 'b=1' };
    const call = { service: 'things', method: 'GET', path: '/a?secret=b' } as const;
    await client.send({ ...call, trace });
    await client.send({ ...call, trace });
    respond = (_request, response) => response.end('longer than allowed');
    await assert.rejects(client.send({ ...call, trace }), code('peer_unavailable'));
    await assert.rejects(client.send({ ...call, trace: { traceparent: 'malformed' } }));
    stop();
    assert.deepEqual(
      made.map(({ kind, name, failed, attributes }) => ({ kind, name, failed, ...attributes })),
      [{ 'http.response.status_code': 200 }, { 'http.response.status_code': 404 }, {}].map((status, n) => ({
        ...{ kind: 'client', name: 'GET', failed: n > 0, 'http.request.method': 'GET', 'server.address': 'things' },
        ...{ 'url.path': '/a', ...status },
        ...(n === 0 ? {} : { 'error.type': n === 1 ? '404' : 'peer_unavailable' }),
      })),
    );
    const sent = requests.map(({ headers }) => [headers.traceparent, headers.baggage]);
    assert.deepEqual(
      sent.slice(0, 3),
      made.map(({ spanId }) => [`00-${'1'.repeat(32)}-${spanId}-01`, 'b=1']),
    );
  });

  test('limits the time to what the caller has left, and sends nothing when no time is left', async () => {
    requests = [];
    respond = (_request, response) => response.end('ok');
    const send = (deadlineAtMs: number) => client.send({ service: 's', method: 'GET', path: '/', deadlineAtMs });
    await send(performance.now() + 1_000);
    const left = Number(requests[0]?.headers[timeoutHeader]);
    assert.ok(left > 0 && left <= 1_000, `${left}`);
    await send(performance.now() + 60_000);
    assert.equal(requests[1]?.headers[timeoutHeader], '5000');
    await assert.rejects(send(performance.now()), code('peer_timeout'));
    assert.equal(requests.length, 2);
  });

  test('reads the time limit of a caller as the mesh does', () => {
    assert.equal(deadlineOf('250', 1_000), 1_250);
    assert.equal(deadlineOf('250, 90', 1_000), 1_090);
    assert.equal(deadlineOf('0', 1_000), 1_000);
    for (const unusable of [undefined, '', 'soon', '-1', '1.5', '1e3'])
      assert.equal(deadlineOf(unusable, 0), undefined);
  });

  test('does not retry, because the mesh does', async () => {
    requests = [];
    respond = (request) => request.socket.destroy();
    await assert.rejects(client.send({ service: 's', method: 'GET', path: '/' }), code('peer_unavailable'));
    assert.equal(requests.length, 1);
  });

  test('reports that the mesh has already retried', async () => {
    respond = (_request, response) => response.writeHead(503, { 'x-mesh-retryable': 'false' }).end();
    const { headers: _headers, ...got } = await client.send({ service: 's', method: 'GET', path: '/' });
    assert.deepEqual(got, { status: 503, text: '', retryable: false });
  });

  test('fails when the time is over', async () => {
    respond = () => {};
    await assert.rejects(client.send({ service: 's', method: 'GET', path: '/', timeoutMs: 50 }), code('peer_timeout'));
  });

  test('refuses a reply that is too long', async () => {
    respond = (_request, response) => response.end('12345678901');
    await assert.rejects(client.send({ service: 's', method: 'GET', path: '/' }), code('peer_unavailable'));
  });

  test('streams bodies that are too long for memory, both ways', async () => {
    respond = (request, response) => {
      response.writeHead(200);
      request.pipe(response);
    };
    const piece = Buffer.alloc(100_000, 7);
    const body = Readable.from([piece, piece, piece]);
    const reply = await client.stream({ service: 's', method: 'PUT', path: '/', body });
    const back = await buffer(reply.body);
    assert.deepEqual([reply.status, back.length, back.every((byte) => byte === 7)], [200, 300_000, true]);
    respond = (request) => request.socket.destroy();
    await assert.rejects(client.stream({ service: 's', method: 'GET', path: '/' }), code('peer_unavailable'));
    respond = (_request, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('half');
      setImmediate(() => response.destroy());
    };
    const half = await client.stream({ service: 's', method: 'GET', path: '/' });
    await assert.rejects(buffer(half.body), 'a reply that breaks off is an error of its body');
  });

  test('fails when no mesh listens', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const unconnected = openMeshClient({ meshUrl: `http://127.0.0.1:${port}` });
    await assert.rejects(unconnected.send({ service: 's', method: 'GET', path: '/' }), code('peer_unavailable'));
    await unconnected.close();
  });
});
