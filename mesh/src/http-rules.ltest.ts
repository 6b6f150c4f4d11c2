import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { backendRef, meshConfig, route, rule, service } from './testing/config.ts';
import { Closing, RawClient, testMesh, until, upstreamServer } from './testing/harness.ts';

let closing: Closing;
beforeEach(() => {
  closing = new Closing();
});
afterEach(() => closing.close());

async function simple(listener: Parameters<typeof upstreamServer>[1], over: Parameters<typeof testMesh>[2] = {}) {
  const upstream = await upstreamServer(closing, listener);
  const rules = [rule({ backendRefs: [backendRef('shop')] })];
  const mesh = await testMesh(closing, meshConfig([service('shop', [upstream.port])], [route('all', rules)]), over);
  return { mesh, ...upstream };
}

/** An upstream that replies with the head of its request. */
const mirror: Parameters<typeof upstreamServer>[1] = (request, response) => {
  request.resume().on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ url: request.url, headers: request.rawHeaders }));
  });
};

const ambiguous: [name: string, lines: string[], status: number][] = [
  [
    'Content-Length beside Transfer-Encoding',
    ['Content-Length: 3', 'Transfer-Encoding: chunked', '', '0', '', ''],
    400,
  ],
  ['two Content-Lengths', ['Content-Length: 3', 'Content-Length: 4', '', 'abc'], 400],
  ['the same Content-Length twice', ['Content-Length: 3', 'Content-Length: 3', '', 'abc'], 400],
  ['a list of Content-Lengths', ['Content-Length: 3, 3', '', 'abc'], 400],
  ['a signed Content-Length', ['Content-Length: +3', '', 'abc'], 400],
  ['a coding beside chunked', ['Transfer-Encoding: gzip, chunked', '', '0', '', ''], 501],
  ['chunked not last', ['Transfer-Encoding: chunked, gzip', '', '0', '', ''], 400],
  ['an invalid Transfer-Encoding', ['Transfer-Encoding: xchunked', '', '0', '', ''], 400],
  ['two Transfer-Encodings', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked', '', '0', '', ''], 400],
  ['whitespace before the colon', ['Content-Length : 3', '', 'abc'], 400],
  ['a folded line', ['X-A: 1', ' folded', '', ''], 400],
  ['a control character in a value', ['X-A: a\u0001b', '', ''], 400],
  ['a bad chunk size', ['Transfer-Encoding: chunked', '', '0x3', 'abc', '0', '', ''], 400],
];

describe('requests that two readers could understand differently', () => {
  for (const [name, lines, status] of ambiguous) {
    test(`${name}: ${status}, and the connection closes`, async () => {
      const seen: string[] = [];
      const { mesh } = await simple((request, response) => {
        seen.push(request.url ?? '');
        mirror(request, response);
      });
      const client = await RawClient.to(mesh.edgePort, closing);
      client.send('POST /first HTTP/1.1', 'Host: shop', ...lines);
      client.send('GET /smuggled HTTP/1.1', 'Host: shop', '', '');
      const received = await client.untilClosed();
      assert.match(received, new RegExp(`^HTTP/1.1 ${status} `));
      assert.match(received, /"errors":\[\{"status":\d+/);
      assert.doesNotMatch(received, /200 OK/);
      assert.ok(!seen.includes('/smuggled'), 'the request behind it is not forwarded');
    });
  }

  test('bare line feeds are refused', async () => {
    const { mesh } = await simple(mirror);
    const client = await RawClient.to(mesh.edgePort, closing);
    client.socket.write('GET / HTTP/1.1\nHost: shop\n\n');
    assert.match(await client.untilClosed(), /^HTTP\/1.1 400 /);
  });

  test('two Hosts, no Host and an invalid Host are refused', async () => {
    const { mesh } = await simple(mirror);
    for (const hosts of [['Host: a', 'Host: b'], [], ['Host: a@b'], ['Host: a/b'], ['Host: a b']]) {
      const client = await RawClient.to(mesh.edgePort, closing);
      client.send('GET / HTTP/1.1', ...hosts, '', '');
      assert.match(await client.untilClosed(), /^HTTP\/1.1 400 /, hosts.join());
    }
  });
});

describe('limits of the head', () => {
  test('too many bytes, too many fields: 431', async () => {
    const { mesh } = await simple(mirror);
    const many = Array.from({ length: 200 }, (_, i) => `X-${i}: 1`);
    for (const fields of [[`X-Big: ${'x'.repeat(20_000)}`], many]) {
      const client = await RawClient.to(mesh.edgePort, closing);
      client.send('GET / HTTP/1.1', 'Host: shop', ...fields, '', '');
      assert.match(await client.untilClosed(), /^HTTP\/1.1 431 [\s\S]*"status":431/);
    }
  });

  test('an unfinished head: 408', async () => {
    const { mesh } = await simple(mirror, { headTimeoutMs: 100 });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET / HTTP/1.1', 'Host: shop', 'X-Slow: ');
    assert.match(await client.untilClosed(), /^HTTP\/1.1 408 [\s\S]*"status":408/);
  });
});

describe('fields that are not forwarded', () => {
  test('hop-by-hop fields, and those that Connection names, are dropped in both directions', async () => {
    const { mesh } = await simple((request, response) => {
      response.setHeader('connection', 'x-private');
      response.setHeader('x-private', '1');
      response.setHeader('proxy-authenticate', 'Basic');
      response.setHeader('x-public', '1');
      mirror(request, response);
    });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send(
      'GET / HTTP/1.1',
      'Host: shop',
      'Connection: close, X-Hop, Host, Authorization',
      'X-Hop: 1',
      'Authorization: Bearer t',
      'TE: trailers',
      'Keep-Alive: timeout=5',
      'Proxy-Authorization: Basic x',
      'Proxy-Connection: keep-alive',
      'Upgrade: h2c',
      'X-End: 1',
      '',
      '',
    );
    const received = await client.untilClosed();
    assert.match(received, /x-public: 1/);
    assert.doesNotMatch(received, /x-private: 1|proxy-authenticate/);
    const names = (JSON.parse(received.slice(received.indexOf('{'))) as { headers: string[] }).headers.filter(
      (_, i) => i % 2 === 0,
    );
    for (const dropped of ['x-hop', 'te', 'keep-alive', 'proxy-authorization', 'proxy-connection', 'upgrade']) {
      assert.ok(!names.includes(dropped), dropped);
    }
    for (const kept of ['host', 'x-end', 'authorization', 'via', 'traceparent', 'x-request-id']) {
      assert.ok(names.includes(kept), kept);
    }
  });

  test('forwarding fields of an outside client are replaced; those of a trusted proxy are kept', async () => {
    const forwarded = async (trustedProxies: string[]) => {
      const { mesh } = await simple(mirror, { trustedProxies });
      const headers = {
        'x-forwarded-for': '1.2.3.4',
        forwarded: 'for=1.2.3.4',
        'x-real-ip': '1.2.3.4',
        'x-mesh-a': '1',
      };
      const response = await fetch(mesh.url, { headers });
      const raw = ((await response.json()) as { headers: string[] }).headers;
      return Object.fromEntries(raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1]]] : [])));
    };
    const outside = await forwarded([]);
    assert.equal(outside['x-forwarded-for'], '127.0.0.1');
    assert.equal(outside.forwarded, undefined);
    assert.equal(outside['x-real-ip'], undefined);
    assert.equal(outside['x-mesh-a'], undefined);
    assert.equal((await forwarded(['127.0.0.0/8']))['x-forwarded-for'], '1.2.3.4, 127.0.0.1');
  });
});

describe('targets', () => {
  test('dot segments are resolved before routing and forwarding', async () => {
    const { mesh } = await simple(mirror);
    for (const [target, forwarded] of [
      ['/a/../b', '/b'],
      ['/a/%2e%2E/b/./c', '/b/c'],
      ['/../../etc', '/etc'],
      ['/a/..', '/'],
      ['/a?x=/../y', '/a?x=/../y'],
      ['http://other/abs', '/abs'],
    ]) {
      const client = await RawClient.to(mesh.edgePort, closing);
      client.send(`GET ${target} HTTP/1.1`, 'Host: shop', 'Connection: close', '', '');
      assert.match(await client.untilClosed(), new RegExp(`"url":"${forwarded?.replace(/[?]/g, '\\?')}"`), target);
    }
  });

  test('invalid paths are refused', async () => {
    const { mesh } = await simple(mirror);
    for (const target of ['*', '/a\\b', '/a%00b', '/a#b', 'ftp://x/', '/\u00e9']) {
      const client = await RawClient.to(mesh.edgePort, closing);
      client.send(`GET ${target} HTTP/1.1`, 'Host: shop', 'Connection: close', '', '');
      assert.match(await client.untilClosed(), /^HTTP\/1.1 400 /, target);
    }
  });
});

describe('special cases of HTTP/1.1', () => {
  test('HEAD has the length and no body; 204 and 304 have none', async () => {
    const { mesh } = await simple((request, response) => {
      if (request.url === '/204') response.writeHead(204).end();
      else if (request.url === '/304') response.writeHead(304, { etag: '"x"' }).end();
      else response.writeHead(200, { 'content-length': '5' }).end('hello');
    });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('HEAD / HTTP/1.1', 'Host: shop', '', '');
    assert.match(await client.untilReceived(/\r\n\r\n/), /content-length: 5\r\n[\s\S]*\r\n\r\n$/);
    for (const path of ['/204', '/304']) {
      const response = await fetch(mesh.url + path);
      assert.equal(String(response.status), path.slice(1));
      assert.equal(await response.text(), '');
    }
    // The same connection still works, so no bytes were left on it.
    client.send('GET / HTTP/1.1', 'Host: shop', 'Connection: close', '', '');
    assert.match(await client.untilClosed(), /hello$/);
  });

  test('Expect: 100-continue gets 100 when the upstream wants the body', async () => {
    const { mesh } = await simple((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => response.end(`got ${body}`));
    });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('POST / HTTP/1.1', 'Host: shop', 'Content-Length: 5', 'Expect: 100-continue', '', '');
    await client.untilReceived(/^HTTP\/1.1 100 Continue\r\n\r\n/);
    client.send('hello');
    await client.untilReceived(/200 OK[\s\S]*got hello/);
  });

  test('100 Continue waits for the replies to earlier requests', async () => {
    const gate = Promise.withResolvers<void>();
    const { mesh } = await simple((request, response) => {
      if (request.url === '/1') void gate.promise.then(() => response.end('one'));
      else request.resume().on('end', () => response.end(Buffer.alloc(100_000, 'x')));
    });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET /1 HTTP/1.1', 'Host: shop', '', '');
    client.send('POST /2 HTTP/1.1', 'Host: shop', 'Content-Length: 5', 'Expect: 100-continue', '', 'hello');
    await until(() => mesh.inFlight() === 1, 'the first request is in flight');
    gate.resolve();
    const received = await client.untilReceived(/x{100000}/);
    assert.doesNotMatch(received.slice(received.lastIndexOf('HTTP/1.1 200')), /100 Continue/);
  });

  test('a refusal replaces 100 Continue and closes the connection', async () => {
    const { mesh } = await simple(mirror);
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('POST / HTTP/1.1', 'Host: a', 'Host: b', 'Content-Length: 5', 'Expect: 100-continue', '', '');
    const received = await client.untilClosed();
    assert.match(received, /^HTTP\/1.1 400 /);
  });

  test('no route and Expect: 100-continue: 404 at once, on a connection that closes', async () => {
    const { mesh } = await simple(mirror);
    const client = await RawClient.to(mesh.internalPort, closing);
    client.send('POST / HTTP/1.1', 'Host: unrouted', 'Content-Length: 5', 'Expect: 100-continue', '', '');
    assert.match(await client.untilClosed(), /^HTTP\/1\.1 404 [\s\S]*connection: close/i);
  });

  test('trailers are forwarded', async () => {
    const { mesh } = await simple((_request, response) => {
      response.writeHead(200, { trailer: 'x-sum' });
      response.write('hello');
      response.addTrailers({ 'x-sum': '42' });
      response.end();
    });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET / HTTP/1.1', 'Host: shop', '', '');
    assert.match(await client.untilReceived(/\r\n0\r\n[\s\S]*\r\n\r\n$/), /\r\n0\r\nx-sum: 42\r\n\r\n$/);
  });

  test('replies to pipelined requests come in order', async () => {
    const { mesh } = await simple((request, response) => response.end(`<${request.url}>`));
    const client = await RawClient.to(mesh.edgePort, closing);
    for (let i = 0; i < 10; i += 1) client.send(`GET /${i} HTTP/1.1`, 'Host: shop', '', '');
    const received = await client.untilReceived(/<\/9>/);
    assert.deepEqual(received.match(/<\/\d>/g), [
      '</0>',
      '</1>',
      '</2>',
      '</3>',
      '</4>',
      '</5>',
      '</6>',
      '</7>',
      '</8>',
      '</9>',
    ]);
  });

  test('a head is forwarded before the first byte of its body', async () => {
    const { mesh } = await simple((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
    });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET / HTTP/1.1', 'Host: shop', '', '');
    await client.untilReceived(/text\/event-stream[\s\S]*\r\n\r\n/);
  });

  test('values are forwarded byte for byte', async () => {
    const { mesh } = await simple((request, response) => {
      response.setHeader('x-back', request.headers['x-raw'] ?? '');
      response.end();
    });
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('GET / HTTP/1.1', 'Host: shop', 'X-Raw: caf\u00e9 \u00c3\u00a9', 'Connection: close', '', '');
    assert.match(await client.untilClosed(), /x-back: caf\u00e9 \u00c3\u00a9\r\n/);
  });

  test('CONNECT is refused', async () => {
    const { mesh } = await simple(mirror);
    const client = await RawClient.to(mesh.edgePort, closing);
    client.send('CONNECT shop:80 HTTP/1.1', 'Host: shop', '', '');
    assert.match(await client.untilClosed(), /^HTTP\/1.1 501 /);
  });

  test('an upstream connection that the server has closed is not used again', async () => {
    const { mesh, server } = await simple((_request, response) => response.end('ok'));
    assert.equal(await (await fetch(mesh.url)).text(), 'ok');
    server.closeIdleConnections();
    await until(async () => (await fetch(mesh.url)).status === 200, 'the next request succeeds');
  });
});
