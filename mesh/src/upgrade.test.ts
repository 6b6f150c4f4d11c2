import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { backendRef, meshConfig, route, rule, service } from './testing/config.ts';
import { Closing, RawClient, testMesh, until, upstreamServer } from './testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

const handshake = (path: string, ...more: string[]) => [
  `GET ${path} HTTP/1.1`,
  'Host: shop',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  ...more,
  '',
  '',
];

/** Accepts upgrades and sends back what it gets. */
function echo(server: Server, sockets: Socket[] = []): { paths: string[]; headers: string[][] } {
  const seen = { paths: [] as string[], headers: [] as string[][] };
  server.on('upgrade', (request, socket: Socket) => {
    seen.paths.push(request.url ?? '');
    seen.headers.push(request.rawHeaders);
    sockets.push(socket);
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    socket.write(
      [
        'HTTP/1.1 101 Switching Protocols',
        'Connection: Upgrade',
        'Upgrade: websocket',
        `Sec-WebSocket-Accept: ${accept}`,
        '',
        '',
      ].join('\r\n'),
    );
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  return seen;
}

async function simple(listener: Parameters<typeof upstreamServer>[1] = (_request, response) => response.end('plain')) {
  const upstream = await upstreamServer(closing, listener);
  const rules = [rule({ backendRefs: [backendRef('shop')], timeouts: { requestMs: 200, backendRequestMs: 0 } })];
  const mesh = await testMesh(closing, meshConfig([service('shop', [upstream.port])], [route('all', rules)]), {
    drainMs: 100,
  });
  return { mesh, ...upstream };
}

describe('WebSocket upgrades', () => {
  test('are routed, joined, and outlive the deadline of a request', async () => {
    const { mesh, server } = await simple();
    const seen = echo(server);
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send(...handshake('/chat//room?x=1'));
    await client.untilReceived(/101 Switching Protocols[\s\S]*s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=[\s\S]*\r\n\r\n/i);
    assert.deepEqual(seen.paths, ['/chat//room?x=1']);
    assert.ok(seen.headers[0]?.includes('traceparent'));
    // Longer than timeouts.request: the tunnel is not a request any more.
    const start = performance.now();
    await until(() => performance.now() > start + 250, 'the deadline has passed');
    client.send('ping');
    await client.untilReceived(/ping$/);
    assert.equal(mesh.inFlight(), 1);
    client.socket.end();
    await client.untilClosed();
    await until(() => mesh.inFlight() === 0, 'the tunnel is gone');
    assert.equal(mesh.log.requests()[0]?.status, 101);
  });

  test('a client that vanishes closes the upstream connection, and the other way round', async () => {
    const { mesh, server } = await simple();
    const sockets: Socket[] = [];
    echo(server, sockets);
    const first = await RawClient.to(mesh.edgePort, closing);
    first.send(...handshake('/'));
    await first.untilReceived(/101/);
    first.socket.destroy();
    await until(() => sockets[0]?.destroyed === true, 'the upstream connection closes');

    const second = await RawClient.to(mesh.edgePort, closing);
    second.send(...handshake('/'));
    await second.untilReceived(/101/);
    sockets[1]?.destroy();
    await second.untilClosed();
  });

  test('a refusal by the upstream reaches the client as it is', async () => {
    const { mesh, server } = await simple();
    server.on('upgrade', (_request, socket: Socket) => {
      socket.end(
        [
          'HTTP/1.1 403 Forbidden',
          'X-Why: no',
          'Transfer-Encoding: chunked',
          'Connection: close',
          '',
          '2',
          'no',
          '0',
          '',
          '',
        ].join('\r\n'),
      );
    });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send(...handshake('/'));
    const received = await client.untilClosed();
    assert.match(received, /^HTTP\/1.1 403 Forbidden\r\n[\s\S]*x-why: no\r\n[\s\S]*\r\n\r\nno$/);
    assert.doesNotMatch(received, /transfer-encoding/i);
  });

  test('an upstream that does not listen, and no route: JSON errors', async () => {
    const { mesh, server } = await simple();
    await new Promise((resolve) => server.close(resolve));
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send(...handshake('/'));
    assert.match(await client.untilClosed(), /^HTTP\/1.1 503 [\s\S]*"status":503/);
    assert.equal(mesh.log.requests()[0]?.reason, 'connect_failed');
    const nowhere = await RawClient.to(mesh.internalPort, closing);
    nowhere.send(...handshake('/', 'X-A: 1').map((line) => (line === 'Host: shop' ? 'Host: nobody' : line)));
    assert.match(await nowhere.untilClosed(), /^HTTP\/1.1 404 [\s\S]*"status":404/);
  });

  test('other upgrades are answered as the plain requests that they also are', async () => {
    const { mesh } = await simple();
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send(
      'GET / HTTP/1.1',
      'Host: shop',
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AA',
      '',
      '',
    );
    await client.untilReceived(/200 OK[\s\S]*plain/);
  });
});
