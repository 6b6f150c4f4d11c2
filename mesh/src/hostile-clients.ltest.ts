import assert from 'node:assert/strict';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Closing, RawClient, testMesh, until, upstreamServer } from './testing/harness.ts';
import { behind, crlf, get, post, type RecordingEdge, recordingEdge, shopConfig } from './testing/recording-edge.ts';

const closing = new Closing();
let edge: RecordingEdge;
before(async () => {
  edge = await recordingEdge(closing);
});
after(() => closing.close());

describe('one connection', () => {
  test('a refusal waits for the replies to the requests before it', async () => {
    const gate = Promise.withResolvers<void>();
    const slow = await upstreamServer(closing, (_request, response) => {
      void gate.promise.then(() => response.end('the first reply'));
    });
    const config = shopConfig(slow.port);
    const own = await testMesh(closing, config);
    const client = await RawClient.to(own.edgePort, closing);
    client.socket.write(`${get()}GET /bad HTTP/1.1\r\nHost : x\r\n\r\n`, 'latin1');
    await until(() => own.inFlight() === 1, 'the first request is in flight');
    gate.resolve();
    const received = await client.untilClosed();
    assert.match(received, /^HTTP\/1.1 200 [\s\S]*the first reply[\s\S]*HTTP\/1.1 400 /);
    const metrics = await (await fetch(`${own.adminUrl}/metrics`)).text();
    assert.match(metrics, /http_server_connections_refused_total\{[^}]*reason="bad_request"[^}]*\} 1\b/);
  });

  test('empty lines before a request are skipped', async () => {
    const { forwarded } = await edge.send(`\r\n\r\n${get('Connection: close')}`);
    assert.equal(forwarded.length, 1);
  });

  test('bytes behind a request that closes are not read', async () => {
    const { forwarded } = await edge.send(get('Connection: close') + behind);
    assert.deepEqual(
      forwarded.map(({ url }) => url),
      ['/first'],
    );
  });

  test('a body of GET is not read as a request', async () => {
    const { forwarded } = await edge.send(crlf('GET /first HTTP/1.1', 'Host: shop', 'Content-Length: 36', '', behind));
    assert.equal(forwarded[0]?.url, '/first');
    assert.equal(forwarded[0]?.body, behind.slice(0, 36));
    assert.equal(forwarded.length, 1);
  });

  test('an expectation other than 100-continue: 417', async () => {
    const { received, forwarded } = await edge.send(post('Expect: 200-ok', 'Content-Length: 1', '', 'a') + behind);
    assert.match(received, /^HTTP\/1.1 417 /);
    assert.deepEqual(forwarded, []);
  });

  test('100-continue is forwarded, in any letter case, and the service replies to it', async () => {
    const { received, forwarded } = await edge.send(
      post('Expect: 100-Continue', 'Content-Length: 1', 'Connection: close', '', 'a'),
    );
    assert.match(received, /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200/);
    assert.deepEqual(forwarded[0]?.headers.expect, ['100-continue']);
  });

  test('a body that stalls: 408, closed, and never whole at the upstream', async () => {
    const first = edge.forwarded.length;
    const client = await RawClient.to(edge.mesh.edgePort, closing);
    client.socket.write(post('Content-Length: 10', '', 'abc'), 'latin1');
    assert.match(await client.untilClosed(), /^HTTP\/1.1 408 [\s\S]*connection: close/);
    await until(() => edge.mesh.inFlight() === 0, 'no request is in flight');
    assert.equal(edge.forwarded.length, first);
  });

  test('a client that leaves within a chunk leaves no request behind', async () => {
    const first = edge.forwarded.length;
    const client = await RawClient.to(edge.mesh.edgePort, closing);
    client.socket.write(post('Transfer-Encoding: chunked', '', '5', 'ab'), 'latin1');
    await until(() => edge.mesh.inFlight() === 1, 'the request is in flight');
    client.socket.resetAndDestroy();
    await until(() => edge.mesh.inFlight() === 0, 'no request is in flight');
    assert.equal(edge.forwarded.length, first);
  });
});

/** A mesh whose upstream replies when the test releases it. */
async function waiting() {
  const gate = Promise.withResolvers<void>();
  const addresses: (string | undefined)[] = [];
  const upstream = await upstreamServer(closing, (request, response) => {
    addresses.push(request.headers['x-forwarded-for'] as string | undefined);
    void gate.promise.then(() => response.end(`<${request.url}>`));
  });
  const config = shopConfig(upstream.port);
  return { own: await testMesh(closing, config), release: () => gate.resolve(), addresses };
}

describe('clients that leave', () => {
  test('a refusal of CONNECT to a client that has gone harms no other client', async () => {
    for (let i = 0; i < 50; i += 1) {
      const client = await RawClient.to(edge.mesh.edgePort, closing);
      client.socket.write('CONNECT shop:80 HTTP/1.1\r\nHost: shop\r\n\r\n', 'latin1');
      client.socket.resetAndDestroy();
    }
    const { forwarded } = await edge.send(get('Connection: close'));
    assert.equal(forwarded.length, 1);
  });

  test('CONNECT behind a request waits for the reply to that request', async () => {
    const { own, release } = await waiting();
    const client = await RawClient.to(own.edgePort, closing);
    client.socket.write(`${get()}CONNECT shop:80 HTTP/1.1\r\nHost: shop\r\n\r\n`, 'latin1');
    await until(() => own.inFlight() === 1, 'the first request is in flight');
    release();
    assert.match(await client.untilClosed(), /^HTTP\/1.1 200 [\s\S]*<\/first>HTTP\/1.1 501 /);
  });

  test('of the pipelined requests of a client that resets, only the first is forwarded, and it ends', async () => {
    const { own, release, addresses } = await waiting();
    const client = await RawClient.to(own.edgePort, closing);
    client.socket.write(get() + get() + get(), 'latin1');
    await until(() => addresses.length === 1, 'the first request is in flight');
    client.socket.resetAndDestroy();
    await until(() => own.inFlight() === 0, 'no request is in flight');
    release();
    assert.equal(addresses.length, 1);
  });

  test('pipelined requests are read ahead up to a limit', async () => {
    const { own, release } = await waiting();
    const client = await RawClient.to(own.edgePort, closing);
    client.socket.write(get(), 'latin1');
    const ahead = get('X: '.padEnd(8000, 'x'));
    const sentMax = 64 * 1024 * 1024;
    let sent = 0;
    while (sent < sentMax && client.socket.write(ahead.repeat(16), 'latin1')) {
      sent += ahead.length * 16;
      await new Promise((resolve) => setImmediate(resolve));
    }
    // The system buffers a few MiB for either side, and the mesh no more than its limit.
    assert.ok(sent < sentMax, `${sent} bytes were taken`);
    assert.equal(own.inFlight(), 1);
    release();
    await client.untilReceived(/(<\/first>[\s\S]*){20}/);
  });

  test('the upstream learns the address of a client that has gone', async () => {
    const { own, release, addresses } = await waiting();
    for (let i = 0; i < 30; i += 1) {
      const client = await RawClient.to(own.edgePort, closing);
      client.socket.write(get() + get(), 'latin1');
      client.socket.resetAndDestroy();
    }
    const last = await RawClient.to(own.edgePort, closing);
    last.socket.write(get('Connection: close'), 'latin1');
    release();
    await last.untilClosed();
    await until(() => own.inFlight() === 0, 'no request is in flight');
    assert.ok(addresses.length > 0);
    assert.deepEqual(new Set(addresses), new Set(['127.0.0.1']));
  });

  test('a half-closed client gets the replies to all its pipelined requests', async () => {
    const { own, release } = await waiting();
    const client = await RawClient.to(own.edgePort, closing, { allowHalfOpen: true });
    client.socket.end(crlf('GET /1 HTTP/1.1', 'Host: shop', '', 'GET /2 HTTP/1.1', 'Host: shop', '', ''), 'latin1');
    // The mesh sends two probes: the second one would fail if the client had gone.
    await client.untilReceived(/^(HTTP\/1\.1 102 Processing\r\n\r\n){2}$/);
    assert.equal(own.inFlight(), 1);
    release();
    const received = await client.untilReceived(/<\/2>/);
    assert.match(received, /200 OK[\s\S]*<\/1>HTTP\/1\.1 200 OK[\s\S]*<\/2>$/);
    client.socket.destroy();
  });

  test('a half-closed HTTP/1.0 client gets its reply, and no probes', async () => {
    const { own, release } = await waiting();
    const client = await RawClient.to(own.edgePort, closing, { allowHalfOpen: true });
    client.socket.end('GET /1 HTTP/1.0\r\nHost: shop\r\n\r\n', 'latin1');
    await until(() => own.inFlight() === 1, 'the request is in flight');
    release();
    assert.match(await client.untilReceived(/<\/1>/), /^HTTP\/1\.1 200 /);
    client.socket.destroy();
  });
});

describe('bodies that are not read to their end', () => {
  test('a malformed chunk within a body: 400, closed, logged as bad_request', async () => {
    const lines = edge.mesh.log.requests().length;
    const client = await RawClient.to(edge.mesh.edgePort, closing);
    client.socket.write(post('Transfer-Encoding: chunked', '', '5', 'hello', ''), 'latin1');
    await until(() => edge.mesh.inFlight() === 1, 'the request is in flight');
    client.socket.write(`zz\r\n${behind}`, 'latin1');
    const received = await client.untilClosed();
    assert.match(received, /^HTTP\/1.1 400 [\s\S]*connection: close\r\n[\s\S]*"status":400/i);
    assert.equal(received.match(/HTTP\/1\.1 /g)?.length, 1);
    await until(() => edge.mesh.log.requests().length > lines, 'the request is logged');
    const line = edge.mesh.log.requests().at(-1);
    assert.deepEqual([line?.status, line?.reason], [400, 'bad_request']);
  });

  test('a client that keeps sending behind a refused head gets its reply, not a reset', async () => {
    for (const head of [
      post('Host: second', 'Content-Length: 2000000', '', ''),
      'GET / HTTP/1.1\nHost: shop\r\n\r\n',
    ]) {
      const client = await RawClient.to(edge.mesh.edgePort, closing, { allowHalfOpen: true });
      let error: Error | null = null;
      client.socket.on('error', (thrown) => {
        error = thrown;
      });
      client.socket.write(head, 'latin1');
      await client.untilReceived(/"status":400/);
      let written = 0;
      const block = Buffer.alloc(64 * 1024);
      while (written < 2_000_000) {
        await new Promise((resolve) => client.socket.write(block, resolve));
        written += block.length;
      }
      assert.equal(error, null);
      client.socket.end();
      assert.match(await client.untilClosed(), /^HTTP\/1.1 400 /);
    }
  });

  test('input behind a refused head is discarded up to a limit', async () => {
    const client = await RawClient.to(edge.mesh.edgePort, closing, { allowHalfOpen: true });
    client.socket.write('GET / HTTP/1.1\nHost: shop\r\n\r\n', 'latin1');
    let written = 0;
    const block = Buffer.alloc(64 * 1024);
    while (!client.socket.destroyed && written < 256 * 1024 * 1024) {
      await new Promise((resolve) => client.socket.write(block, resolve));
      written += block.length;
    }
    await client.untilClosed();
    assert.ok(written < 64 * 1024 * 1024, `${written} bytes were taken`);
  });

  test('a client that does not read its reply is cut off', async () => {
    const upstream = await upstreamServer(closing, (_request, response) => {
      const more = () => {
        while (response.write(Buffer.alloc(64 * 1024)));
      };
      response.on('drain', more);
      more();
    });
    const config = shopConfig(upstream.port);
    const own = await testMesh(closing, config, { idleTimeoutMs: 300 });
    const client = await RawClient.to(own.edgePort, closing);
    client.socket.pause();
    client.socket.write(get(), 'latin1');
    await until(() => own.inFlight() === 1, 'the request is in flight');
    await until(() => own.inFlight() === 0, 'no request is in flight');
  });

  test('a refused client that neither sends nor closes is cut off', async () => {
    const { own, release } = await waiting();
    release();
    const connections = async () => {
      const metrics = await (await fetch(`${own.adminUrl}/metrics`)).text();
      return /http_server_open_connections\{entrance="edge"\} (\d+)/.exec(metrics)?.[1];
    };
    const client = await RawClient.to(own.edgePort, closing, { allowHalfOpen: true });
    client.socket.write('GET / HTTP/1.1\nHost: shop\r\n\r\n', 'latin1');
    await client.untilReceived(/"status":400/);
    assert.equal(await connections(), '1');
    await until(async () => (await connections()) === '0', 'the connection is closed');
  });

  const endings: [name: string, end: (socket: Socket, reply: string) => void][] = [
    ['closes its side and reads no more', (socket, reply) => socket.end(reply)],
    ['closes at once', (socket, reply) => socket.write(reply, () => socket.destroy())],
  ];
  for (const [name, end] of endings) {
    test(`an early reply of a service that then ${name} reaches a client that is still sending`, async () => {
      const sockets = new Set<Socket>();
      const early = createTcpServer({ allowHalfOpen: true }, (socket) => {
        sockets.add(socket);
        socket.on('error', () => {});
        socket.once('data', () => {
          socket.pause();
          end(socket, 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nmuch!');
        });
      });
      await new Promise<void>((resolve) => early.listen(0, '127.0.0.1', resolve));
      closing.add(() => {
        early.close();
        for (const socket of sockets) socket.destroy();
      });
      const { port } = early.address() as AddressInfo;
      const own = await testMesh(closing, shopConfig(port));
      const block = Buffer.alloc(60_000, 'x');
      const chunk = Buffer.concat([Buffer.from('ea60\r\n'), block, Buffer.from('\r\n')]);
      for (const framing of ['Content-Length: 30000000', 'Transfer-Encoding: chunked']) {
        const client = await RawClient.to(own.edgePort, closing);
        client.socket.write(post(framing, '', ''), 'latin1');
        for (let i = 0; i < 500 && client.received === '' && !client.socket.destroyed; i += 1) {
          await new Promise((resolve) => client.socket.write(framing.startsWith('T') ? chunk : block, resolve));
        }
        assert.match(await client.untilReceived(/much!/), /^HTTP\/1.1 413 /, framing);
        client.socket.destroy();
      }
      await until(() => own.inFlight() === 0, 'no request is in flight');
    });
  }
});
