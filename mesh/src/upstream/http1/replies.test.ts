import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MeshError } from '../../errors.ts';
import { type Heard, readReply } from './testing/read-reply.ts';

const headBytesMax = 1024;
const ok = 'HTTP/1.1 200 OK\r\n';

/** Reads `raw`, cut once at every place. The result must always be the same. */
function heardOf(raw: string, method = 'GET', eof = false): Heard {
  const whole = readReply([raw], { method, headBytesMax, eof });
  for (let cut = 1; cut < raw.length; cut += 1) {
    const cutOnce = readReply([raw.slice(0, cut), raw.slice(cut)], { method, headBytesMax, eof });
    assert.deepEqual(cutOnce, whole, `cut at ${cut}`);
  }
  return whole;
}

function faultOf(raw: string, method = 'GET'): unknown {
  let fault: unknown = null;
  assert.throws(
    () => readReply([raw], { method, headBytesMax }),
    (thrown) => {
      assert.ok(thrown instanceof MeshError);
      assert.equal(thrown.code, 'upstream_garbage');
      fault = (thrown.cause as { code: unknown }).code;
      return true;
    },
  );
  return fault;
}

describe('a reply', () => {
  test('with a length ends there, wherever its bytes are cut', () => {
    const { status, headers, body, ended, length } = heardOf(`${ok}Content-Length: 5\r\nX-A:  b c \t\r\n\r\nhello`);
    assert.deepEqual(headers, ['content-length', '5', 'x-a', 'b c']);
    assert.deepEqual({ status, body, ended, length }, { status: 200, body: 'hello', ended: true, length: 5 });
  });

  test('in chunks loses its extensions and keeps its trailers', () => {
    const { body, trailers, ended } = heardOf(
      `${ok}Transfer-Encoding: Chunked\r\n\r\n5;a="b"\r\nhello\r\n1A\r\n${'x'.repeat(26)}\r\n000\r\nX-Sum: 1\r\n\r\n`,
    );
    assert.equal(body, `hello${'x'.repeat(26)}`);
    assert.deepEqual(trailers, ['x-sum', '1']);
    assert.equal(ended, true);
  });

  test('without either ends with the connection, which is then not used again', () => {
    const raw = `${ok}X: y\r\n\r\nhello`;
    assert.equal(readReply([raw], { method: 'GET', headBytesMax }).ended, false);
    const { body, ended, persistent } = heardOf(raw, 'GET', true);
    assert.deepEqual({ body, ended, persistent }, { body: 'hello', ended: true, persistent: false });
  });

  test('to HEAD, and 204 and 304, has no body whatever its fields say', () => {
    for (const [method, line, fields, persistent] of [
      ['HEAD', ok, 'Content-Length: 5\r\n', true],
      ['HEAD', ok, 'Transfer-Encoding: chunked\r\n', true],
      ['GET', 'HTTP/1.1 204 No Content\r\n', '', true],
      ['GET', 'HTTP/1.1 204 No Content\r\n', 'Content-Length: 0\r\n', true],
      ['GET', 'HTTP/1.1 304 Not Modified\r\n', 'Content-Length: 5\r\n', true],
      // A server that announces content may also send it.
      ['GET', 'HTTP/1.1 204 No Content\r\n', 'Content-Length: 5\r\n', false],
      ['GET', 'HTTP/1.1 204 No Content\r\n', 'Transfer-Encoding: chunked\r\n', false],
      ['GET', 'HTTP/1.1 304 Not Modified\r\n', 'Transfer-Encoding: chunked\r\n', false],
    ] as const) {
      const heard = heardOf(`${line}${fields}\r\n`, method);
      assert.deepEqual([heard.ended, heard.body, heard.persistent], [true, '', persistent], `${method} ${fields}`);
    }
  });

  test('is read to its end and not beyond', () => {
    for (const reply of [
      `${ok}Content-Length: 2\r\n\r\nab`,
      `${ok}Content-Length: 0\r\n\r\n`,
      `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n`,
    ]) {
      const { read, ended } = readReply([`${reply}HTTP/1.1 200 OK\r\n\r\nevil`], { method: 'GET', headBytesMax });
      assert.deepEqual({ read, ended }, { read: reply.length, ended: true });
    }
  });

  test('may follow 1xx replies, which count toward the limit of a head', () => {
    const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
    const { status, headers, interim } = heardOf(`${early.repeat(3)}${ok}Content-Length: 0\r\n\r\n`);
    assert.deepEqual({ status, headers }, { status: 200, headers: ['content-length', '0'] });
    assert.deepEqual(interim, Array(3).fill({ status: 103, headers: ['link', '</a>'] }));
    assert.equal(faultOf(`${early.repeat(200)}${ok}Content-Length: 0\r\n\r\n`), 'HEAD_TOO_LARGE');
  });

  test('says whether its connection can be used again, and for how long', () => {
    for (const [fields, persistent, keepAliveMs] of [
      ['', true, null],
      ['Connection: keep-alive\r\nKeep-Alive: timeout=5, max=7\r\n', true, 5000],
      ['Keep-Alive: max=7\r\n', true, null],
      ['Connection: close\r\n', false, null],
      ['Connection: X-Foo, Close\r\n', false, null],
    ] as const) {
      const heard = heardOf(`${ok}Content-Length: 0\r\n${fields}\r\n`);
      assert.deepEqual([heard.persistent, heard.keepAliveMs], [persistent, keepAliveMs], fields);
    }
    assert.equal(heardOf('HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n').persistent, false);
  });

  test('may have blanks before a colon, which are dropped (RFC 9112 section 5.1)', () => {
    const { headers, body, trailers } = heardOf(
      `${ok}X : a\r\nTransfer-Encoding \t: chunked\r\n\r\n1\r\nb\r\n0\r\nX-Sum\t: 1\r\n\r\n`,
    );
    assert.deepEqual(
      { headers, body, trailers },
      {
        headers: ['x', 'a', 'transfer-encoding', 'chunked'],
        body: 'b',
        trailers: ['x-sum', '1'],
      },
    );
    const length = heardOf(`${ok}Content-Length : 2\r\n\r\nab`);
    assert.deepEqual([length.body, length.headers], ['ab', ['content-length', '2']]);
    const both = `${ok}Content-Length : 2\r\nContent-Length: 3\r\n\r\nab`;
    assert.equal(faultOf(both), 'AMBIGUOUS_LENGTH');
  });

  test('may have a status line without a reason, and values with bytes beyond ASCII', () => {
    assert.equal(heardOf('HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n').status, 200);
    assert.deepEqual(heardOf(`${ok}X: \xe4\xff\r\nContent-Length: 0\r\n\r\n`).headers.slice(0, 2), ['x', '\xe4\xff']);
  });
});

describe('refused is', () => {
  const cases: [fault: string, raw: string][] = [
    ['BAD_STATUS_LINE', 'hello there\r\n\r\n'],
    ['BAD_STATUS_LINE', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['BAD_STATUS_LINE', 'HTTP/1.1  200 OK\r\n\r\n'],
    ['BAD_STATUS_LINE', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['BAD_STATUS_LINE', 'HTTP/1.1 099 OK\r\n\r\n'],
    ['BAD_STATUS_LINE', 'HTTP/1.1 200OK\r\n\r\n'],
    ['BAD_STATUS_LINE', '\r\nHTTP/1.1 200 OK\r\n\r\n'],
    ['BAD_STATUS_LINE', 'GET / HTTP/1.1\r\n\r\n'],
    ['BAD_LINE_END', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
    ['BAD_LINE_END', `${ok}Content-Length: 0\n\n`],
    ['BAD_FIELD', `${ok}Content-Length: 0\nX: y\r\n\r\n`],
    ['BAD_FIELD', `${ok}X: a\rSet-Cookie: b\r\n\r\n`],
    ['BAD_FIELD', `${ok}X: a\0b\r\n\r\n`],
    ['BAD_FIELD', `${ok}X: a\r\n b\r\n\r\n`],
    ['BAD_FIELD', `${ok} X: a\r\n\r\n`],
    ['BAD_FIELD', `${ok} : a\r\n\r\n`],
    ['BAD_FIELD', `${ok}X\x0b: a\r\n\r\n`],
    ['BAD_FIELD', `${ok}X Y : a\r\n\r\n`],
    ['BAD_FIELD', `${ok}: a\r\n\r\n`],
    ['BAD_FIELD', `${ok}nothing\r\n\r\n`],
    ['BAD_FIELD', `${ok}nothing\r\nX: a\r\n\r\n`],
    ['BAD_CONTENT_LENGTH', `${ok}Content-Length: -1\r\n\r\n`],
    ['BAD_CONTENT_LENGTH', `${ok}Content-Length: +1\r\n\r\n`],
    ['BAD_CONTENT_LENGTH', `${ok}Content-Length: 1, 1\r\n\r\n`],
    ['BAD_CONTENT_LENGTH', `${ok}Content-Length: 0x1\r\n\r\n`],
    ['BAD_CONTENT_LENGTH', `${ok}Content-Length:\r\n\r\n`],
    ['BAD_CONTENT_LENGTH', `${ok}Content-Length: 99999999999999999999\r\n\r\n`],
    ['AMBIGUOUS_LENGTH', `${ok}Content-Length: 1\r\nContent-Length: 1\r\n\r\n`],
    ['AMBIGUOUS_LENGTH', `${ok}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`],
    ['AMBIGUOUS_LENGTH', `${ok}Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n`],
    ['BAD_TRANSFER_ENCODING', `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n`],
    ['BAD_TRANSFER_ENCODING', `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`],
    ['BAD_FIELD', `${ok}Transfer-Encoding: \x0bchunked\r\n\r\n`],
    ['BAD_TRANSFER_ENCODING', `${ok}Transfer-Encoding: identity\r\n\r\n`],
    ['BAD_TRANSFER_ENCODING', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['BAD_TRANSFER_ENCODING', `${ok}Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n`],
    ['AMBIGUOUS_LENGTH', `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 3\r\n\r\n`],
    ['AMBIGUOUS_LENGTH', `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n`],
    ['BAD_INTERIM', `HTTP/1.0 103 Early Hints\r\n\r\n${ok}\r\n`],
    ['BAD_INTERIM', `HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n${ok}\r\n`],
    ['UNEXPECTED_SWITCH', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n'],
    ['HEAD_TOO_LARGE', `${ok}X: ${'x'.repeat(2000)}\r\n\r\n`],
    ['HEAD_TOO_LARGE', `${ok}X: ${'x'.repeat(2000)}`],
    ...[
      '\r\n',
      'x\r\n',
      '-1\r\n',
      ' 1\r\n',
      '1 \r\n',
      '0x1\r\n',
      '1\n',
      '1;a\n',
      '1\ra',
      '1;\0\r\n',
      '1000000000000\r\n',
    ].map((chunk): [string, string] => ['BAD_CHUNK', `${ok}Transfer-Encoding: chunked\r\n\r\n${chunk}a\r\n`]),
    ['BAD_CHUNK', `${ok}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n`],
    ['BAD_CHUNK', `${ok}Transfer-Encoding: chunked\r\n\r\n1\r\na\n`],
    ['BAD_CHUNK', `${ok}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(2000)}`],
    ['BAD_FIELD', `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\nX y: z\r\n\r\n`],
    ['BAD_LINE_END', `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\n\n`],
    ['HEAD_TOO_LARGE', `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\nX: ${'x'.repeat(2000)}`],
  ];
  for (const [fault, raw] of cases) {
    test(`${fault}: ${JSON.stringify(raw.slice(0, 70))}`, () => {
      assert.equal(faultOf(raw), fault);
    });
  }
});
