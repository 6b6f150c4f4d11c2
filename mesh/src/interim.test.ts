import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { defaultBackendPolicy } from './config/default-policies.ts';
import { backendRef, meshConfig, route, rule, service } from './testing/config.ts';
import { Closing, RawClient, testMesh, until, upstreamServer } from './testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

/** A mesh before the instances at `ports`, with retries. */
async function meshBefore(ports: number[], idleMs = 60_000) {
  const retry = { codes: [503], attempts: 1, backoffMs: 1 };
  const { timeouts } = defaultBackendPolicy();
  const rules = [rule({ retry, backendRefs: [backendRef('shop')] })];
  const shop = service('shop', ports, { timeouts: { ...timeouts, idleMs } });
  return testMesh(closing, meshConfig([shop], [route('all', rules)]), { idleTimeoutMs: 60_000 });
}

/** An instance whose handling of each expectation the test decides. */
async function deciding(onExpectation: RequestListener) {
  const upstream = await upstreamServer(closing, (_request, response) => response.end('no expectation'));
  upstream.server.on('checkContinue', onExpectation);
  return upstream.port;
}

/** An instance that sends `raw` for each head that comes, and keeps the bytes that it gets. */
async function saying(raw: string) {
  let received = '';
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
      if (received.endsWith('\r\n\r\n')) socket.write(raw, 'latin1');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.add(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, received: () => received, sockets };
}

const expecting = ['PUT / HTTP/1.1', 'Host: shop', 'Content-Length: 5', 'Expect: 100-continue', '', ''];

describe('Expect: 100-continue', () => {
  test('is decided by the service: its refusal comes instead of 100, and the body is never sent', async () => {
    let bytes = 0;
    const port = await deciding((request, response) => {
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.byteLength;
      });
      response.writeHead(401, { 'content-length': '3' }).end('who');
    });
    const mesh = await meshBefore([port]);
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send(...expecting);
    assert.match(await client.untilClosed(), /^HTTP\/1\.1 401 [\s\S]*connection: close[\s\S]*who$/);
    assert.equal(bytes, 0);
    await until(() => mesh.inFlight() === 0, 'nothing is in flight');
  });

  test('is met only when the service says so', async () => {
    const gate = Promise.withResolvers<void>();
    let expected = false;
    const port = await deciding((request, response) => {
      expected = true;
      void gate.promise.then(() => response.writeContinue());
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => response.end(`got ${body}`));
    });
    const mesh = await meshBefore([port]);
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send(...expecting);
    await until(() => expected, 'the service has the request');
    assert.equal(client.received, '');
    gate.resolve();
    await client.untilReceived(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    client.send('hello');
    assert.match(await client.untilReceived(/got hello$/), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
  });

  test('does not delay a client that sends its body all the same', async () => {
    const silent = await saying('');
    const mesh = await meshBefore([silent.port]);
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send(...expecting);
    await until(() => silent.received().endsWith('\r\n\r\n'), 'the head has come');
    assert.match(silent.received(), /\r\nexpect: 100-continue\r\n/);
    client.socket.write('hello');
    await until(() => silent.received().endsWith('\r\n\r\nhello'), 'the body has come');
    for (const socket of silent.sockets) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    assert.match(await client.untilReceived(/ok$/), /^HTTP\/1\.1 200 /);
  });

  test('of a service that never decides ends with the service’s silence: 504', async () => {
    const silent = await saying('');
    const mesh = await meshBefore([silent.port], 50);
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send(...expecting);
    assert.match(await client.untilClosed(), /^HTTP\/1\.1 504 [\s\S]*connection: close/);
    assert.equal(mesh.log.requests()[0]?.reason, 'upstream_idle');
  });

  test('is decided by the next instance if one fails', async () => {
    const refusing = await saying('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n');
    const wanting = await saying('HTTP/1.1 100 Continue\r\n\r\n');
    const mesh = await meshBefore([refusing.port, wanting.port]);
    for (let i = 0; i < 20 && refusing.received() === ''; i += 1) {
      const client = await RawClient.to(mesh.edgePort, closing);
      client.send(...expecting);
      await client.untilReceived(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
      client.socket.destroy();
    }
    assert.match(refusing.received(), /\r\nexpect: 100-continue\r\n/);
    assert.match(wanting.received(), /\r\nexpect: 100-continue\r\n/);
  });

  test('of HTTP/1.0, and without a body, is ignored', async () => {
    const silent = await saying('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    const mesh = await meshBefore([silent.port]);
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET / HTTP/1.1', 'Host: shop', 'Expect: 100-continue', 'Connection: close', '', '');
    assert.match(await client.untilClosed(), /^HTTP\/1\.1 200 /);
    assert.doesNotMatch(silent.received(), /expect/);
  });
});

describe('interim replies', () => {
  const final = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  const ask = async (raw: string, version = '1.1') => {
    const { port } = await saying(raw);
    const mesh = await meshBefore([port]);
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send(`GET / HTTP/${version}`, 'Host: shop', 'Connection: close', '', '');
    return client.untilClosed();
  };

  test('are passed on as they come, before the reply, without fields about one connection', async () => {
    const hints =
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nX-Own: 1\r\nConnection: x-own\r\nContent-Length: 3\r\n\r\n';
    const received = await ask(`${hints}HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 199 Own\r\nX: y\r\n\r\n${final}`);
    const interim =
      'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 199 \r\nx: y\r\n\r\n';
    assert.ok(received.startsWith(`${interim}HTTP/1.1 200 OK\r\n`), JSON.stringify(received));
    assert.match(received, /\r\n\r\nok$/);
  });

  test('do not tell clients outside whether a failure may be retried', async () => {
    const received = await ask(`HTTP/1.1 103 Early Hints\r\nX-Mesh-Retryable: false\r\n\r\n${final}`);
    assert.match(received, /^HTTP\/1\.1 103 Early Hints\r\n\r\nHTTP\/1\.1 200 /);
  });

  test('are not sent to a client of HTTP/1.0', async () => {
    assert.match(await ask(`HTTP/1.1 103 Early Hints\r\n\r\n${final}`, '1.0'), /^HTTP\/1\.1 200 [\s\S]*ok$/);
  });

  test('of a request behind another one come after the reply before it', async () => {
    const { port } = await saying(`HTTP/1.1 103 Early Hints\r\n\r\n${final}`);
    const mesh = await meshBefore([port]);
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET /1 HTTP/1.1', 'Host: shop', '', 'GET /2 HTTP/1.1', 'Host: shop', 'Connection: close', '', '');
    const received = await client.untilClosed();
    assert.deepEqual(received.match(/HTTP\/1\.1 \d+/g), [
      'HTTP/1.1 103',
      'HTTP/1.1 200',
      'HTTP/1.1 103',
      'HTTP/1.1 200',
    ]);
  });
});
