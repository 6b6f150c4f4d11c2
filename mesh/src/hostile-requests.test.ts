import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Closing } from './testing/harness.ts';
import { behind, crlf, get, post, type RecordingEdge, recordingEdge } from './testing/recording-edge.ts';

const closing = new Closing();
let edge: RecordingEdge;
before(async () => {
  edge = await recordingEdge(closing);
});
after(() => closing.close());

type Refusal = [name: string, raw: string, status?: number];

/** A whole request follows each case. It must not be forwarded. */
function refusals(cases: Refusal[]): void {
  for (const [name, raw, status = 400] of cases) {
    test(`${name}: ${status}, closed, nothing forwarded`, async () => {
      const { received, forwarded } = await edge.send(raw + behind);
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

  test('leading zeros and surrounding whitespace do not change the number, and are not forwarded', async () => {
    for (const value of ['0005', '  5', '5  ', '\t5\t']) {
      const { forwarded } = await edge.send(post(`Content-Length: ${value}`, 'Connection: close', '', 'hello'));
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
    ['an invalid Host, beside an absolute form', to('http://shop/first', 'Host: a/b')],
    ['user information in Host', to('/first', 'Host: a@shop')],
    ['user information in the target', to('http://a@shop/first', 'Host: shop')],
    ['a path in Host', to('/first', 'Host: shop/x')],
    ['a list of Hosts', to('/first', 'Host: shop, other')],
    ['an invalid port', to('/first', 'Host: shop:80a')],
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

  test('the mesh forwards the same path that it routes on', async () => {
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
      const { forwarded } = await edge.send(to(target, 'Host: other', 'Connection: close'));
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
    test(`${name}: refused, and no whole request is forwarded`, async () => {
      const { received, forwarded } = await edge.send(raw + behind);
      assert.match(received, /^HTTP\/1.1 4(00|13|31) /, JSON.stringify(received));
      assert.deepEqual(forwarded, []);
    });
  }

  test('extensions and trailers of a request are read and dropped', async () => {
    const { received, forwarded } = await edge.send(
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

describe('fields', () => {
  test('internal and forwarding fields of an outside client are dropped, in any spelling', async () => {
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
    const { forwarded } = await edge.send(get(...spoofed, 'Connection: close'));
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

  test('only the first of several valid request ids is forwarded', async () => {
    const { forwarded } = await edge.send(get('X-Request-Id: one', 'X-Request-Id: two', 'Connection: close'));
    assert.deepEqual(forwarded[0]?.headers['x-request-id'], ['one']);
  });

  test('Connection cannot drop fields that the mesh or the request depends on', async () => {
    const named = 'Host, Content-Length, Authorization, Cookie, X-Forwarded-For, X-Request-Id, Traceparent, Via, X-Own';
    const { forwarded } = await edge.send(
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
      const { received, forwarded } = await edge.send(raw + behind);
      assert.match(received, /^HTTP\/1.1 431 /);
      assert.deepEqual(forwarded, []);
    }
  });
});
