import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { backendRef, meshConfig, route, rule, service } from './testing/config.ts';
import { Closing, RawClient, type TestMesh, testMesh, until, upstreamServer } from './testing/harness.ts';

/** What Node's parser behind the mesh made of a request. */
interface Seen {
  method: string;
  url: string;
  headers: Record<string, string[]>;
  body: string;
}

const closing = new Closing();
const seen: Seen[] = [];
let mesh: TestMesh;

function record(request: IncomingMessage, done: () => void): void {
  let body = '';
  request.setEncoding('latin1').on('data', (text: string) => {
    body += text;
  });
  request.on('end', () => {
    const headers: Record<string, string[]> = {};
    for (const [name, values] of Object.entries(request.headersDistinct)) headers[name] = values ?? [];
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers, body });
    done();
  });
}

before(async () => {
  const upstream = await upstreamServer(closing, (request, response) => record(request, () => response.end('ok')));
  const config = meshConfig(
    [service('shop', [upstream.port])],
    [route('all', [rule({ backendRefs: [backendRef('shop')] })])],
  );
  mesh = await testMesh(closing, config, { headTimeoutMs: 1000, idleTimeoutMs: 1000 });
});
after(() => closing.close());

/** Sends `raw` on one connection, waits for its end, and tells what came back and what went on. */
async function send(raw: string): Promise<{ received: string; forwarded: Seen[] }> {
  const first = seen.length;
  const client = await RawClient.to(mesh.edgePort, closing);
  client.socket.write(raw, 'latin1');
  const received = await client.untilClosed();
  await until(() => mesh.inFlight() === 0, 'nothing is under way');
  return { received, forwarded: seen.slice(first) };
}

const crlf = (...lines: string[]) => lines.join('\r\n');
const post = (...lines: string[]) => crlf('POST /first HTTP/1.1', 'Host: shop', ...lines);
const get = (...lines: string[]) => crlf('GET /first HTTP/1.1', 'Host: shop', ...lines, '', '');
const behind = crlf('GET /smuggled HTTP/1.1', 'Host: shop', 'Connection: close', '', '');

type Refusal = [name: string, raw: string, status?: number];

/** Each is followed by a whole further request, which must not be seen by anybody. */
function refusals(cases: Refusal[]): void {
  for (const [name, raw, status = 400] of cases) {
    test(`${name}: ${status}, closed, nothing forwarded`, async () => {
      const { received, forwarded } = await send(raw + behind);
      assert.match(received, new RegExp(`^HTTP/1.1 ${status} `), JSON.stringify(received));
      assert.match(received, /connection: close/i);
      assert.equal(received.match(/HTTP\/1\.1 /g)?.length, 1, received);
      assert.deepEqual(forwarded, []);
    });
  }
}

describe('Content-Length', () => {
  const values = [
    '1, 1',
    '1,1',
    '+1',
    '-1',
    '0x1',
    '1_0',
    '1.0',
    '1e1',
    '١',
    '1 1',
    '',
    '99999999999999999999',
    '1\t1',
  ];
  refusals([
    ...values.map((value): Refusal => [JSON.stringify(value), post(`Content-Length: ${value}`, '', 'a')]),
    ['twice, differing', post('Content-Length: 1', 'Content-Length: 2', '', 'a')],
    ['twice, alike', post('Content-Length: 1', 'Content-Length: 1', '', 'a')],
    ['twice, nought', post('Content-Length: 0', 'Content-Length: 0', '', '')],
    ['twice, by another case', post('content-length: 0', 'CONTENT-LENGTH: 5', '', 'abcde')],
    ['whitespace before the colon', post('Content-Length : 1', '', 'a')],
    ['a tab before the colon', post('Content-Length\t: 1', '', 'a')],
    ['folded', post('Content-Length:', ' 1', '', 'a')],
    ['in the trailers', post('Transfer-Encoding: chunked', 'Content-Length: 1', '', '0', '', '')],
  ]);

  test('leading zeros and whitespace around it are the same number, written anew', async () => {
    for (const value of ['0005', '  5', '5  ', '\t5\t']) {
      const { forwarded } = await send(post(`Content-Length: ${value}`, 'Connection: close', '', 'hello'));
      assert.equal(forwarded.length, 1, value);
      assert.equal(forwarded[0]?.body, 'hello');
      assert.deepEqual(forwarded[0]?.headers['content-length'], ['5']);
    }
  });
});

describe('Transfer-Encoding', () => {
  const chunks = crlf('', '0', '', '');
  const te = (...fields: string[]) => post(...fields, chunks);
  refusals([
    ['beside Content-Length', te('Content-Length: 5', 'Transfer-Encoding: chunked')],
    ['before Content-Length', te('Transfer-Encoding: chunked', 'Content-Length: 5')],
    ['xchunked', te('Transfer-Encoding: xchunked')],
    ['chunked in quotes', te('Transfer-Encoding: "chunked"')],
    ['chunked with a parameter', te('Transfer-Encoding: chunked;a=b')],
    ['chunked, identity', te('Transfer-Encoding: chunked, identity')],
    ['identity, chunked', te('Transfer-Encoding: identity, chunked'), 501],
    ['identity', te('Transfer-Encoding: identity')],
    ['chunked twice in one field', te('Transfer-Encoding: chunked, chunked')],
    ['chunked in two fields', te('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')],
    ['identity in a second field', te('Transfer-Encoding: chunked', 'Transfer-Encoding: identity')],
    ['an empty one', te('Transfer-Encoding:')],
    ['an empty member', te('Transfer-Encoding: ,chunked'), 501],
    ['a vertical tab', te('Transfer-Encoding: \x0bchunked')],
    ['whitespace before the colon', te('Transfer-Encoding : chunked')],
    ['folded', te('Transfer-Encoding:', ' chunked')],
    ['behind a folded field', te('X: a', ' Transfer-Encoding: chunked')],
    ['with a bare CR', te('X: a\rTransfer-Encoding: chunked')],
    ['HTTP/1.0', crlf('POST /first HTTP/1.0', 'Host: shop', 'Transfer-Encoding: chunked', chunks)],
    [
      'HTTP/1.0 with Content-Length',
      crlf('POST /first HTTP/1.0', 'Host: shop', 'Transfer-Encoding: chunked', 'Content-Length: 5', chunks),
    ],
    ['an upgrade with a body', get('Connection: upgrade', 'Upgrade: websocket', 'Content-Length: 5')],
  ]);
});

describe('lines and characters', () => {
  refusals([
    ['bare LF all over', 'GET /first HTTP/1.1\nHost: shop\n\n'],
    ['a bare LF after the request line', 'GET /first HTTP/1.1\nHost: shop\r\n\r\n'],
    ['a bare LF after a field', 'GET /first HTTP/1.1\r\nHost: shop\nX: a\r\n\r\n'],
    ['a bare LF before the end', 'GET /first HTTP/1.1\r\nHost: shop\r\n\n'],
    ['a bare CR in a value', get('X: a\rb')],
    ['a bare CR in a name', get('X\rY: b')],
    ['a bare CR as a line end', 'GET /first HTTP/1.1\r\nHost: shop\rX: a\r\n\r\n'],
    ['whitespace before the first field', 'GET /first HTTP/1.1\r\n Host: shop\r\n\r\n'],
    ['obs-fold', get('X: a', ' b')],
    ['obs-fold with a tab', get('X: a', '\tb')],
    ['NUL in a value', get('X: a\0b')],
    ['DEL in a value', get('X: a\x7fb')],
    ['a control character in a value', get('X: a\x01b')],
    ['NUL in a name', get('X\0: a')],
    ['a space in a name', get('X Y: a')],
    ['a non-ASCII name', get('\xe9: a')],
    ['an empty name', get(': a')],
    ['a field without a colon', get('Novalue')],
    ['a bracket in a name', get('X[0]: a')],
    ['an unknown version', 'GET /first HTTP/1.2\r\nHost: shop\r\n\r\n'],
    ['HTTP/2.0', 'GET /first HTTP/2.0\r\nHost: shop\r\n\r\n'],
    ['HTTP/0.9', 'GET /first\r\n\r\n'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a lower-case version', 'GET /first http/1.1\r\nHost: shop\r\n\r\n'],
    ['two spaces before the target', 'GET  /first HTTP/1.1\r\nHost: shop\r\n\r\n'],
    ['two spaces behind the target', 'GET /first  HTTP/1.1\r\nHost: shop\r\n\r\n'],
    ['a space in the target', 'GET /first /second HTTP/1.1\r\nHost: shop\r\n\r\n'],
    ['a space behind the version', 'GET /first HTTP/1.1 \r\nHost: shop\r\n\r\n'],
    ['a space before the method', ' GET /first HTTP/1.1\r\nHost: shop\r\n\r\n'],
    ['no target', 'GET HTTP/1.1\r\nHost: shop\r\n\r\n'],
    ['an empty target', 'GET  HTTP/1.1\r\nHost: shop\r\n\r\n'],
    ['a CR before the request', `\rGET /first HTTP/1.1\r\nHost: shop\r\n\r\n`],
    ['an LF before the request', `\nGET /first HTTP/1.1\r\nHost: shop\r\n\r\n`],
    ['a tab in the request line', 'GET\t/first\tHTTP/1.1\r\nHost: shop\r\n\r\n'],
    ['a lower-case method', 'get /first HTTP/1.1\r\nHost: shop\r\n\r\n'],
    ['an unknown method', 'FETCH /first HTTP/1.1\r\nHost: shop\r\n\r\n'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ]);
});

describe('Host and the target', () => {
  const to = (target: string, ...fields: string[]) => crlf(`GET ${target} HTTP/1.1`, ...fields, '', '');
  refusals([
    ['no Host', to('/first')],
    ['no Host beside an absolute form', to('http://shop/first')],
    ['an empty Host', to('/first', 'Host:')],
    ['two Hosts, alike', to('/first', 'Host: shop', 'Host: shop')],
    ['two Hosts beside an absolute form', to('http://shop/first', 'Host: shop', 'Host: other')],
    ['a Host that is none, beside an absolute form', to('http://shop/first', 'Host: a/b')],
    ['user information in Host', to('/first', 'Host: a@shop')],
    ['user information in the target', to('http://a@shop/first', 'Host: shop')],
    ['a path in Host', to('/first', 'Host: shop/x')],
    ['a list of Hosts', to('/first', 'Host: shop, other')],
    ['a port that is none', to('/first', 'Host: shop:80a')],
    ['a port out of range', to('/first', 'Host: shop:70000')],
    ['an encoded byte in Host', to('/first', 'Host: shop%00')],
    ['authority form', to('shop:80', 'Host: shop')],
    ['another scheme', to('file:///etc/passwd', 'Host: shop')],
    ['no authority', to('http:///first', 'Host: shop')],
    ['an encoded NUL', to('/a%00b', 'Host: shop')],
    ['a backslash', to('/a\\..\\b', 'Host: shop')],
    ['a fragment', to('/a#b', 'Host: shop')],
    ['a control character', to('/a\x01b', 'Host: shop')],
    ['a raw byte above ASCII', to('/\xe9', 'Host: shop')],
    ['dot segments behind an encoded slash', to('/a/..%2fb', 'Host: shop')],
    ['dot segments before an encoded slash', to('/a%2F../b', 'Host: shop')],
    ['encoded dots between encoded slashes', to('/a%2f%2e%2e%2fb', 'Host: shop')],
    ['dot segments by an encoded backslash', to('/a/..%5cb', 'Host: shop')],
    ['dot segments with a parameter', to('/a/..;x=1/b', 'Host: shop')],
    ['CONNECT', crlf('CONNECT shop:80 HTTP/1.1', 'Host: shop', '', ''), 501],
  ]);

  test('what is forwarded is what was routed on', async () => {
    const cases: [target: string, url: string][] = [
      ['/a/%2e%2e/b', '/b'],
      ['/%2E/a/.%2e/b/..', '/'],
      ['/../../x', '/x'],
      ['//a', '//a'],
      ['/a//b', '/a//b'],
      ['/a%2Fb', '/a%2Fb'],
      ['/a%5Cb', '/a%5Cb'],
      ['/a%252e%252e', '/a%252e%252e'],
      ['/...', '/...'],
      ['/a?b=/../%00', '/a?b=/../%00'],
      ['http://shop', '/'],
      ['http://shop?x=1', '/?x=1'],
      ['HTTP://shop/a/../b', '/b'],
    ];
    for (const [target, url] of cases) {
      const { forwarded } = await send(to(target, 'Host: other', 'Connection: close'));
      assert.deepEqual(
        forwarded.map((request) => request.url),
        [url],
        target,
      );
      assert.deepEqual(forwarded[0]?.headers.host, [/^http/i.test(target) ? 'shop' : 'other'], target);
    }
  });
});

describe('chunks', () => {
  const chunked = (...lines: string[]) => post('Transfer-Encoding: chunked', '', ...lines);
  const bad: [name: string, raw: string][] = [
    ['0x', chunked('0x1', 'a', '0', '', '')],
    ['a sign', chunked('+1', 'a', '0', '', '')],
    ['no digits', chunked('', 'a', '0', '', '')],
    ['a letter', chunked('g', 'a', '0', '', '')],
    ['whitespace before', chunked(' 1', 'a', '0', '', '')],
    ['whitespace behind', chunked('1 ', 'a', '0', '', '')],
    ['larger than 64 bits', chunked('fffffffffffffffff', 'a')],
    ['content longer than its size', chunked('1', 'abc', '0', '', '')],
    ['no CRLF behind the content', chunked('1', 'a0', '', '')],
    ['a bare LF behind the size', chunked('1\na', '0', '', '')],
    ['a bare LF behind the content', chunked('1', 'a\n0', '', '')],
    ['a bare LF in an extension', chunked('1;a\nb', 'a', '0', '', '')],
    ['a bare CR in an extension', chunked('1;a\rb', 'a', '0', '', '')],
    ['a flood of extensions', chunked(`1;${'a=b;'.repeat(8192)}`, 'a', '0', '', '')],
    ['a bad trailer', chunked('1', 'a', '0', 'X Y: 1', '', '')],
    ['a bare LF behind a trailer', chunked('1', 'a', '0', 'X: 1\n', '', '')],
    ['a flood of trailers', chunked('1', 'a', '0', `X: ${'x'.repeat(20_000)}`, '', '')],
  ];
  for (const [name, raw] of bad) {
    test(`${name}: refused, and no whole request reaches anybody`, async () => {
      const { received, forwarded } = await send(raw + behind);
      assert.match(received, /^HTTP\/1.1 4(00|13|31) /, JSON.stringify(received));
      assert.deepEqual(forwarded, []);
    });
  }

  test('extensions and trailers of a request are read and dropped', async () => {
    const { received, forwarded } = await send(
      chunked('2;a=b', 'ab', '3;c="d"', 'cde', '0', 'X-Sum: 1', 'Host: other', '', '') + behind,
    );
    assert.equal(received.match(/HTTP\/1\.1 200/g)?.length, 2);
    assert.deepEqual(
      forwarded.map(({ url, body }) => [url, body]),
      [
        ['/first', 'abcde'],
        ['/smuggled', ''],
      ],
    );
    assert.deepEqual(forwarded[0]?.headers.host, ['shop']);
    assert.equal(forwarded[0]?.headers['x-sum'], undefined);
  });
});

describe('what comes on one connection', () => {
  test('a refusal waits for the answers of the requests before it', async () => {
    const gate = Promise.withResolvers<void>();
    const slow = await upstreamServer(closing, (_request, response) => {
      void gate.promise.then(() => response.end('the first answer'));
    });
    const config = meshConfig(
      [service('shop', [slow.port])],
      [route('all', [rule({ backendRefs: [backendRef('shop')] })])],
    );
    const own = await testMesh(closing, config);
    const client = await RawClient.to(own.edgePort, closing);
    client.socket.write(`${get()}GET /bad HTTP/1.1\r\nHost : x\r\n\r\n`, 'latin1');
    await until(() => own.inFlight() === 1, 'the first is under way');
    gate.resolve();
    const received = await client.untilClosed();
    assert.match(received, /^HTTP\/1.1 200 [\s\S]*the first answer[\s\S]*HTTP\/1.1 400 /);
    const metrics = await (await fetch(`${own.adminUrl}/metrics`)).text();
    assert.match(metrics, /http_server_connections_refused_total\{[^}]*reason="bad_request"[^}]*\} 1\b/);
  });

  test('empty lines before a request are passed over', async () => {
    const { forwarded } = await send(`\r\n\r\n${get('Connection: close')}`);
    assert.equal(forwarded.length, 1);
  });

  test('nothing is read behind a request that closes', async () => {
    const { forwarded } = await send(get('Connection: close') + behind);
    assert.deepEqual(
      forwarded.map(({ url }) => url),
      ['/first'],
    );
  });

  test('a body on GET stays its body', async () => {
    const { forwarded } = await send(crlf('GET /first HTTP/1.1', 'Host: shop', 'Content-Length: 36', '', behind));
    assert.equal(forwarded[0]?.url, '/first');
    assert.equal(forwarded[0]?.body, behind.slice(0, 36));
    assert.equal(forwarded.length, 1);
  });

  test('an expectation other than 100-continue: 417', async () => {
    const { received, forwarded } = await send(post('Expect: 200-ok', 'Content-Length: 1', '', 'a') + behind);
    assert.match(received, /^HTTP\/1.1 417 /);
    assert.deepEqual(forwarded, []);
  });

  test('100-continue travels, in any case, and is answered by the service', async () => {
    const { received, forwarded } = await send(
      post('Expect: 100-Continue', 'Content-Length: 1', 'Connection: close', '', 'a'),
    );
    assert.match(received, /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200/);
    assert.deepEqual(forwarded[0]?.headers.expect, ['100-continue']);
  });

  test('a body that stops coming: 408, closed, and never whole to anybody', async () => {
    const first = seen.length;
    const client = await RawClient.to(mesh.edgePort, closing);
    client.socket.write(post('Content-Length: 10', '', 'abc'), 'latin1');
    assert.match(await client.untilClosed(), /^HTTP\/1.1 408 [\s\S]*connection: close/);
    await until(() => mesh.inFlight() === 0, 'nothing is under way');
    assert.equal(seen.length, first);
  });

  test('a client that goes in the middle of a chunk leaves nothing behind', async () => {
    const first = seen.length;
    const client = await RawClient.to(mesh.edgePort, closing);
    client.socket.write(post('Transfer-Encoding: chunked', '', '5', 'ab'), 'latin1');
    await until(() => mesh.inFlight() === 1, 'it is under way');
    client.socket.resetAndDestroy();
    await until(() => mesh.inFlight() === 0, 'nothing is under way');
    assert.equal(seen.length, first);
  });
});

/** A mesh whose upstream answers when the test says so. */
async function waiting() {
  const gate = Promise.withResolvers<void>();
  const addresses: (string | undefined)[] = [];
  const upstream = await upstreamServer(closing, (request, response) => {
    addresses.push(request.headers['x-forwarded-for'] as string | undefined);
    void gate.promise.then(() => response.end(`<${request.url}>`));
  });
  const config = meshConfig(
    [service('shop', [upstream.port])],
    [route('all', [rule({ backendRefs: [backendRef('shop')] })])],
  );
  return { own: await testMesh(closing, config), release: () => gate.resolve(), addresses };
}

describe('clients that leave', () => {
  test('a refusal of CONNECT to somebody who has gone harms nobody', async () => {
    for (let i = 0; i < 50; i += 1) {
      const client = await RawClient.to(mesh.edgePort, closing);
      client.socket.write('CONNECT shop:80 HTTP/1.1\r\nHost: shop\r\n\r\n', 'latin1');
      client.socket.resetAndDestroy();
    }
    const { forwarded } = await send(get('Connection: close'));
    assert.equal(forwarded.length, 1);
  });

  test('CONNECT behind a request is not answered before that', async () => {
    const { own, release } = await waiting();
    const client = await RawClient.to(own.edgePort, closing);
    client.socket.write(`${get()}CONNECT shop:80 HTTP/1.1\r\nHost: shop\r\n\r\n`, 'latin1');
    await until(() => own.inFlight() === 1, 'the first is under way');
    release();
    assert.match(await client.untilClosed(), /^HTTP\/1.1 200 [\s\S]*<\/first>HTTP\/1.1 501 /);
  });

  test('of the pipelined requests of a client that resets one has begun, and it ends', async () => {
    const { own, release, addresses } = await waiting();
    const client = await RawClient.to(own.edgePort, closing);
    client.socket.write(get() + get() + get(), 'latin1');
    await until(() => addresses.length === 1, 'the first is under way');
    client.socket.resetAndDestroy();
    await until(() => own.inFlight() === 0, 'nothing is under way');
    release();
    assert.equal(addresses.length, 1);
  });

  test('what is sent ahead of the answers is taken up to a limit', async () => {
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
    // The system holds a few MiB for either side, and that is all there is.
    assert.ok(sent < sentMax, `${sent} bytes were taken`);
    assert.equal(own.inFlight(), 1);
    release();
    await client.untilReceived(/(<\/first>[\s\S]*){20}/);
  });

  test('whoever has gone meanwhile is still named to the upstream', async () => {
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
    await until(() => own.inFlight() === 0, 'nothing is under way');
    assert.ok(addresses.length > 0);
    assert.deepEqual(new Set(addresses), new Set(['127.0.0.1']));
  });

  test('a client that closes its side only is answered, all its pipelined requests', async () => {
    const { own, release } = await waiting();
    const client = await RawClient.to(own.edgePort, closing, { allowHalfOpen: true });
    client.socket.end(crlf('GET /1 HTTP/1.1', 'Host: shop', '', 'GET /2 HTTP/1.1', 'Host: shop', '', ''), 'latin1');
    // Asked whether it is still there, twice: the second question is what a client that is not would be found out by.
    await client.untilReceived(/^(HTTP\/1\.1 102 Processing\r\n\r\n){2}$/);
    assert.equal(own.inFlight(), 1);
    release();
    const received = await client.untilReceived(/<\/2>/);
    assert.match(received, /200 OK[\s\S]*<\/1>HTTP\/1\.1 200 OK[\s\S]*<\/2>$/);
    client.socket.destroy();
  });

  test('an HTTP/1.0 client that closes its side only is answered, and asked nothing', async () => {
    const { own, release } = await waiting();
    const client = await RawClient.to(own.edgePort, closing, { allowHalfOpen: true });
    client.socket.end('GET /1 HTTP/1.0\r\nHost: shop\r\n\r\n', 'latin1');
    await until(() => own.inFlight() === 1, 'it is under way');
    release();
    assert.match(await client.untilReceived(/<\/1>/), /^HTTP\/1\.1 200 /);
    client.socket.destroy();
  });
});

describe('bodies that nobody wants to the end', () => {
  test('malformed within: 400, closed, logged as that', async () => {
    const lines = mesh.log.requests().length;
    const client = await RawClient.to(mesh.edgePort, closing);
    client.socket.write(post('Transfer-Encoding: chunked', '', '5', 'hello', ''), 'latin1');
    await until(() => mesh.inFlight() === 1, 'it is under way');
    client.socket.write(`zz\r\n${behind}`, 'latin1');
    const received = await client.untilClosed();
    assert.match(received, /^HTTP\/1.1 400 [\s\S]*connection: close\r\n[\s\S]*"status":400/i);
    assert.equal(received.match(/HTTP\/1\.1 /g)?.length, 1);
    await until(() => mesh.log.requests().length > lines, 'it is logged');
    const line = mesh.log.requests().at(-1);
    assert.deepEqual([line?.status, line?.reason], [400, 'bad_request']);
  });

  test('a client that goes on sending behind a refused head gets its answer, not a reset', async () => {
    for (const head of [
      post('Host: second', 'Content-Length: 2000000', '', ''),
      'GET / HTTP/1.1\nHost: shop\r\n\r\n',
    ]) {
      const client = await RawClient.to(mesh.edgePort, closing, { allowHalfOpen: true });
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

  test('but not without end', async () => {
    const client = await RawClient.to(mesh.edgePort, closing, { allowHalfOpen: true });
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

  test('a client that does not read its answer is cut off', async () => {
    const upstream = await upstreamServer(closing, (_request, response) => {
      const more = () => {
        while (response.write(Buffer.alloc(64 * 1024)));
      };
      response.on('drain', more);
      more();
    });
    const rules = [rule({ backendRefs: [backendRef('shop')] })];
    const config = meshConfig([service('shop', [upstream.port])], [route('all', rules)]);
    const own = await testMesh(closing, config, { idleTimeoutMs: 300 });
    const client = await RawClient.to(own.edgePort, closing);
    client.socket.pause();
    client.socket.write(get(), 'latin1');
    await until(() => own.inFlight() === 1, 'it is under way');
    await until(() => own.inFlight() === 0, 'nothing is under way');
  });

  test('nor is one waited for that neither sends nor closes', async () => {
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
    // It neither sends nor closes its side.
    await until(async () => (await connections()) === '0', 'the connection is closed');
  });

  const endings: [name: string, end: (socket: Socket, answer: string) => void][] = [
    ['closes its side and reads no more', (socket, answer) => socket.end(answer)],
    ['closes at once', (socket, answer) => socket.write(answer, () => socket.destroy())],
  ];
  for (const [name, end] of endings) {
    test(`an early answer of a service that then ${name} reaches a client that is still sending`, async () => {
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
      const rules = [rule({ backendRefs: [backendRef('shop')] })];
      const own = await testMesh(closing, meshConfig([service('shop', [port])], [route('all', rules)]));
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
      await until(() => own.inFlight() === 0, 'nothing is under way');
    });
  }
});

describe('fields', () => {
  test('internal and forwarding fields of an outsider are dropped, by any spelling', async () => {
    const spoofed = [
      'X-Mesh-Attempt: 9',
      'x_mesh_attempt: 9',
      'X-Mesh-Anything: 1',
      'Forwarded: for=1.2.3.4',
      'X-Forwarded-For: 1.2.3.4',
      'X_Forwarded_For: 1.2.3.4',
      'X-Forwarded-For: 5.6.7.8',
      'X-Forwarded-Host: evil',
      'X-Forwarded-Prefix: /evil',
      'X-Real-IP: 1.2.3.4',
      'X-Client-IP: 1.2.3.4',
      'True-Client-IP: 1.2.3.4',
      'X-Original-URL: /admin',
      'X-Rewrite-URL: /admin',
      'Proxy: http://evil',
      'X-Request-Id: <b>',
      'X-Request-Id: second',
    ];
    const { forwarded } = await send(get(...spoofed, 'Connection: close'));
    const headers = forwarded[0]?.headers ?? {};
    assert.deepEqual(headers['x-forwarded-for'], ['127.0.0.1']);
    assert.deepEqual(headers['x-forwarded-host'], ['shop']);
    assert.equal(headers['x-request-id']?.length, 1);
    assert.match(headers['x-request-id']?.[0] ?? '', /^[\w-]{36}$/);
    assert.ok((headers['x-mesh-attempt']?.[0] ?? '1') === '1');
    const gone = ['x_mesh_attempt', 'x-mesh-anything', 'forwarded', 'x_forwarded_for', 'x-forwarded-prefix'];
    for (const name of [
      ...gone,
      'x-real-ip',
      'x-client-ip',
      'true-client-ip',
      'x-original-url',
      'x-rewrite-url',
      'proxy',
    ]) {
      assert.equal(headers[name], undefined, name);
    }
  });

  test('of several usable request ids one travels', async () => {
    const { forwarded } = await send(get('X-Request-Id: one', 'X-Request-Id: two', 'Connection: close'));
    assert.deepEqual(forwarded[0]?.headers['x-request-id'], ['one']);
  });

  test('Connection cannot drop what the mesh or the request depends on', async () => {
    const named = 'Host, Content-Length, Authorization, Cookie, X-Forwarded-For, X-Request-Id, Traceparent, Via, X-Own';
    const { forwarded } = await send(
      post(
        `Connection: close, ${named}`,
        'Content-Length: 5',
        'Authorization: Bearer t',
        'Cookie: a=b',
        'X-Own: 1',
        '',
        'hello',
      ),
    );
    const [request] = forwarded;
    assert.equal(request?.body, 'hello');
    for (const kept of ['host', 'authorization', 'cookie', 'x-forwarded-for', 'x-request-id', 'traceparent', 'via']) {
      assert.ok(request?.headers[kept] !== undefined, kept);
    }
    assert.equal(request?.headers['x-own'], undefined);
  });

  test('floods of fields: 431, by number, by one value, by one name, by the target', async () => {
    const floods = [
      get(...Array.from({ length: 101 }, (_, i) => `X-${i}: 1`)),
      get(...Array.from({ length: 5000 }, (_, i) => `X${i}:`)),
      get(`X: ${'x'.repeat(20_000)}`),
      get(`${'X'.repeat(20_000)}: 1`),
      crlf(`GET /${'x'.repeat(20_000)} HTTP/1.1`, 'Host: shop', '', ''),
    ];
    for (const raw of floods) {
      const { received, forwarded } = await send(raw + behind);
      assert.match(received, /^HTTP\/1.1 431 /);
      assert.deepEqual(forwarded, []);
    }
  });
});

describe('hostile upstreams', () => {
  /** An upstream that answers everything with `raw` and closes where `close` says so. */
  async function answering(raw: string, close = true) {
    const sockets = new Set<Socket>();
    const server = createTcpServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('data', () => (close ? socket.end(raw, 'latin1') : socket.write(raw, 'latin1')));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.add(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const config = meshConfig([service('shop', [port])], [route('all', [rule({ backendRefs: [backendRef('shop')] })])]);
    const own = await testMesh(closing, config);
    const client = await RawClient.to(own.edgePort, closing);
    client.socket.write(get('Connection: close'), 'latin1');
    const received = await client.untilClosed();
    await until(() => own.inFlight() === 0, 'nothing is under way');
    return received;
  }

  const head = 'HTTP/1.1 200 OK\r\n';
  const garbage: [name: string, raw: string][] = [
    ['no HTTP at all', 'hello there\r\n\r\n'],
    ['two Content-Lengths', `${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
    ['a list of lengths', `${head}Content-Length: 1, 1\r\n\r\na`],
    [
      'Content-Length beside Transfer-Encoding',
      `${head}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['a negative length', `${head}Content-Length: -1\r\n\r\na`],
    ['a bare CR in a value', `${head}X: a\rSet-Cookie: b\r\nContent-Length: 0\r\n\r\n`],
    ['NUL in a value', `${head}X: a\0b\r\nContent-Length: 0\r\n\r\n`],
    ['obs-fold', `${head}X: a\r\n b\r\nContent-Length: 0\r\n\r\n`],
    ['whitespace within a name', `${head}Content Length : 0\r\n\r\n`],
    ['a flood of fields', `${head}${'X: 1234567890\r\n'.repeat(5000)}\r\n`],
    ['a status that is none', 'HTTP/1.1 99 No\r\nContent-Length: 0\r\n\r\n'],
    ['a version that is none', 'HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n'],
    [
      'a switch of protocols that nobody asked for',
      'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    ],
    ['nothing', ''],
    ['half a head', `${head}Content-Le`],
  ];
  for (const [name, raw] of garbage) {
    test(`${name}: 502`, async () => {
      const received = await answering(raw);
      assert.match(received, /^HTTP\/1.1 502 /, JSON.stringify(received));
      assert.equal(received.match(/HTTP\/1\.1 /g)?.length, 1);
    });
  }

  test('a body longer than it says is not taken for another answer', async () => {
    const received = await answering(
      `${head}Content-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`,
    );
    assert.match(received, /^HTTP\/1.1 200 [\s\S]*\r\n\r\nab$/);
  });

  test('a body shorter than it says breaks the connection off', async () => {
    const received = await answering(`${head}Content-Length: 10\r\n\r\nab`);
    assert.match(received, /^HTTP\/1.1 (502|200 [\s\S]*content-length: 10\r\n[\s\S]*\r\n\r\n(ab)?$)/i);
  });

  test('half a chunk breaks the connection off', async () => {
    const received = await answering(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\nab`);
    assert.doesNotMatch(received, /\r\n0\r\n\r\n$/);
  });

  test('100 that no client has asked for is not sent on', async () => {
    for (const before of ['HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(3)]) {
      const received = await answering(`${before}${head}Content-Length: 2\r\n\r\nok`);
      assert.match(received, /^HTTP\/1.1 200 [\s\S]*ok$/, JSON.stringify(before));
      assert.doesNotMatch(received, /100 Continue/);
    }
  });

  test('1xx without end: 502', async () => {
    const received = await answering('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(5000), false);
    assert.match(received, /^(?:HTTP\/1.1 103 Early Hints\r\nlink: <\/a>\r\n\r\n)+HTTP\/1.1 502 /);
    assert.ok(received.length < 32 * 1024, 'the limit of a head holds for all of them together');
  });
});
