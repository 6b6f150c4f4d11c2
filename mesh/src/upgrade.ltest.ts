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

/** Accepts upgrades and echoes what it receives. */
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
  const rules = [rule({ backendRefs: [backendRef('shop')], timeouts: { requestMs: 1000, backendRequestMs: 0 } })];
  const mesh = await testMesh(closing, meshConfig([service('shop', [upstream.port])], [route('all', rules)]), {
    drainMs: 100,
  });
  return { mesh, ...upstream };
}

describe('WebSocket upgrades', () => {
  test('are routed and joined, and outlive the deadline of a request', async () => {
    const { mesh, server } = await simple();
    const seen = echo(server);
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send(...handshake('/chat//room?x=1'));
    await client.untilReceived(/101 Switching Protocols[\s\S]*s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=[\s\S]*\r\n\r\n/i);
    assert.deepEqual(seen.paths, ['/chat//room?x=1']);
    assert.ok(seen.headers[0]?.includes('traceparent'));
    // Longer than timeouts.request, because a tunnel is not a request any more.
    const start = performance.now();
    await until(() => performance.now() > start + 1050, 'the deadline has passed');
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

  test('a refusal by the upstream is forwarded unchanged', async () => {
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
    assert.match(received, /^HTTP\/1.1 403 Forbidden\r\n[\s\S]*x-why: no\r\n[\s\S]*\r\n\r\n2\r\nno\r\n0\r\n\r\n$/);
    assert.equal(received.match(/transfer-encoding: chunked/gi)?.length, 1);
  });

  test('an upstream that does not listen, and no route: JSON errors', async () => {
    const { mesh, server } = await simple();
    await new Promise((resolve) => server.close(resolve));
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send(...handshake('/'));
    assert.match(await client.untilClosed(), /^HTTP\/1.1 503 [\s\S]*"status":503/);
    assert.equal(mesh.log.requests()[0]?.reason, 'connect_failed');
    const nowhere = await RawClient.to(mesh.internalPort, closing);
    nowhere.send(...handshake('/', 'X-A: 1').map((line) => (line === 'Host: shop' ? 'Host: unrouted' : line)));
    assert.match(await nowhere.untilClosed(), /^HTTP\/1.1 404 [\s\S]*"status":404/);
  });

  test('other upgrades are handled as plain requests', async () => {
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

  test('draining closes tunnels on both sides', async () => {
    const { mesh, server } = await simple();
    const sockets: Socket[] = [];
    echo(server, sockets);
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send(...handshake('/'));
    await client.untilReceived(/101/);
    await mesh.stop();
    await client.untilClosed();
    await until(() => sockets[0]?.destroyed === true, 'the upstream connection closes');
    assert.equal(mesh.inFlight(), 0);
  });

  test('bytes that the client sends behind its request wait until the upstream has switched', async () => {
    const { mesh, server } = await simple();
    let early = '';
    server.on('upgrade', (request, socket: Socket, head: Buffer) => {
      early = head.toString();
      socket.on('error', () => {});
      if (request.url === '/no') {
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno');
        return;
      }
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\nfirst');
      socket.pipe(socket);
    });
    const smuggled = ['GET /smuggled HTTP/1.1', 'Host: shop', '', ''];
    const refused = await RawClient.to(mesh.edgePort, closing);
    refused.send(...handshake('/no').slice(0, -1), smuggled.join('\r\n'));
    const received = await refused.untilClosed();
    assert.match(received, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nno$/);
    assert.equal(early, '');

    const joined = await RawClient.to(mesh.edgePort, closing);
    joined.send(...handshake('/yes').slice(0, -1), 'hello');
    await joined.untilReceived(/\r\n\r\nfirsthello$/);
    joined.socket.destroy();
  });

  test('a switch to a protocol that the client did not request: 502', async () => {
    const { mesh, server } = await simple();
    server.on('upgrade', (_request, socket: Socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
    });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send(...handshake('/'));
    assert.match(await client.untilClosed(), /^HTTP\/1\.1 502 [\s\S]*"status":502/);
  });

  test('a client that leaves before the upstream has replied closes the upstream connection', async () => {
    const { mesh, server } = await simple();
    let closed = false;
    let arrived = false;
    server.on('upgrade', (_request, socket: Socket) => {
      arrived = true;
      socket.on('error', () => {});
      socket.on('end', () => {
        closed = true;
      });
      socket.resume();
    });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send(...handshake('/'));
    await until(() => arrived, 'the upstream has the request');
    client.socket.resetAndDestroy();
    await until(() => closed, 'the upstream connection closes');
    await until(() => mesh.inFlight() === 0, 'no request is in flight');
  });

  test('bytes and back-pressure pass in both directions', async () => {
    const { mesh, server } = await simple();
    echo(server);
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send(...handshake('/'));
    const head = (await client.untilReceived(/\r\n\r\n$/)).length;
    const block = 'x'.repeat(64 * 1024);
    for (let i = 0; i < 64; i += 1) client.socket.write(block);
    await until(() => client.received.length === head + 64 * block.length, 'all bytes have come back');
    client.socket.end();
    await client.untilClosed();
  });

  test('no deprecated function of Node is called', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    closing.add(() => process.off('warning', onWarning));
    const { mesh, server } = await simple();
    echo(server);
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send(...handshake('/'));
    await client.untilReceived(/101/);
    client.socket.destroy();
    await until(() => mesh.inFlight() === 0, 'the tunnel is gone');
    assert.deepEqual(
      warnings.filter(({ name }) => name === 'DeprecationWarning'),
      [],
    );
  });
});
