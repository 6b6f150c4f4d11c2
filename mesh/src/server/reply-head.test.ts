import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Asked, replyHead } from './reply-head.ts';

const keepAlive = 'connection: keep-alive\r\n\r\n';
const get: Asked = { method: 'GET', http11: true, expects: 'nothing' };
const length = ['content-length', '5'];
const dated = ['date', 'Sun, 06 Nov 1994 08:49:37 GMT'];

describe('the head of a reply', () => {
  test('names the framing of its content', () => {
    const cases: [status: number, headers: string[], asked: Partial<Asked>, framing: string, close: boolean][] = [
      [200, length, {}, 'length', false],
      [200, [], {}, 'chunked', false],
      [200, [], { http11: false }, 'close', true],
      [200, length, { http11: false }, 'length', false],
      [200, length, { method: 'HEAD' }, 'none', false],
      [200, [], { method: 'HEAD' }, 'none', false],
      [204, length, {}, 'none', false],
      [304, length, {}, 'none', false],
    ];
    for (const [status, headers, asked, framing, close] of cases) {
      const head = replyHead(status, headers, { ...get, ...asked }, false, keepAlive);
      assert.deepEqual([head.framing, head.close], [framing, close], JSON.stringify([status, headers, asked]));
      assert.equal(/transfer-encoding: chunked\r\n/.test(head.text), framing === 'chunked');
      assert.match(head.text, close ? /\r\nconnection: close\r\n\r\n$/ : /\r\nconnection: keep-alive\r\n\r\n$/);
      assert.equal(head.text.includes('content-length: 5'), headers === length && status !== 204);
    }
  });

  test('keeps the given fields byte for byte, in their order, with the given date', () => {
    const { text } = replyHead(200, ['x-a', 'caf\xe9', ...dated, 'x-a', '', ...length], get, true, keepAlive);
    const expected =
      'HTTP/1.1 200 OK\r\nx-a: caf\xe9\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\nx-a: \r\ncontent-length: 5\r\nconnection: close\r\n\r\n';
    assert.equal(text, expected);
  });

  test('gets a date if it has none', () => {
    const [, date = ''] = /\r\ndate: ([^\r]+)\r\n/.exec(replyHead(200, [], get, false, keepAlive).text) ?? [];
    assert.match(date, /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
    assert.ok(Math.abs(Date.parse(date) - Date.now()) < 60_000);
  });

  test('has an empty reason phrase for a status without one', () => {
    assert.match(replyHead(599, [], get, false, keepAlive).text, /^HTTP\/1.1 599 \r\n/);
  });

  test('replaces the fields about the connection', () => {
    const { text } = replyHead(
      200,
      ['connection', 'x', 'keep-alive', 'timeout=9', 'transfer-encoding', 'gzip'],
      get,
      false,
      keepAlive,
    );
    assert.doesNotMatch(text, /gzip|timeout=9|connection: x/);
  });

  test('is not sent when a value contains a line break', () => {
    for (const value of ['a\r\nset-cookie: b', 'a\nb', 'a\rb', '\0', '\u0100']) {
      assert.throws(() => replyHead(200, ['x', value], get, false, keepAlive), /cannot be sent/);
    }
    for (const lengths of [
      ['content-length', '1', ...length],
      ['content-length', '-1'],
      ['content-length', '1,1'],
    ]) {
      assert.throws(() => replyHead(200, lengths, get, false, keepAlive), /one Content-Length/);
    }
  });
});
