import assert from 'node:assert/strict';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { after, describe, test } from 'node:test';
import { Closing, RawClient, testMesh, until } from './testing/harness.ts';
import { get, shopConfig } from './testing/recording-edge.ts';

const closing = new Closing();
after(() => closing.close());

describe('hostile upstreams', () => {
  /** An upstream that sends `raw` in reply to everything, and closes if `close` is true. */
  async function replyOf(raw: string, close = true) {
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
    const config = shopConfig(port);
    const own = await testMesh(closing, config);
    const client = await RawClient.to(own.edgePort, closing);
    client.socket.write(get('Connection: close'), 'latin1');
    const received = await client.untilClosed();
    await until(() => own.inFlight() === 0, 'no request is in flight');
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
    ['an invalid status', 'HTTP/1.1 99 No\r\nContent-Length: 0\r\n\r\n'],
    ['an invalid version', 'HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n'],
    [
      'a switch of protocols that the client did not ask for',
      'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    ],
    ['nothing', ''],
    ['half a head', `${head}Content-Le`],
  ];
  for (const [name, raw] of garbage) {
    test(`${name}: 502`, async () => {
      const received = await replyOf(raw);
      assert.match(received, /^HTTP\/1.1 502 /, JSON.stringify(received));
      assert.equal(received.match(/HTTP\/1\.1 /g)?.length, 1);
    });
  }

  test('bytes beyond the announced length are not read as another reply', async () => {
    const received = await replyOf(
      `${head}Content-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`,
    );
    assert.match(received, /^HTTP\/1.1 200 [\s\S]*\r\n\r\nab$/);
  });

  test('a body shorter than announced breaks the connection off', async () => {
    const received = await replyOf(`${head}Content-Length: 10\r\n\r\nab`);
    assert.match(received, /^HTTP\/1.1 (502|200 [\s\S]*content-length: 10\r\n[\s\S]*\r\n\r\n(ab)?$)/i);
  });

  test('a partial chunk breaks the connection off', async () => {
    const received = await replyOf(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\nab`);
    assert.doesNotMatch(received, /\r\n0\r\n\r\n$/);
  });

  test('100 is not forwarded to a client that has not asked for it', async () => {
    for (const before of ['HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(3)]) {
      const received = await replyOf(`${before}${head}Content-Length: 2\r\n\r\nok`);
      assert.match(received, /^HTTP\/1.1 200 [\s\S]*ok$/, JSON.stringify(before));
      assert.doesNotMatch(received, /100 Continue/);
    }
  });

  test('endless 1xx replies: 502', async () => {
    const received = await replyOf('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(5000), false);
    assert.match(received, /^(?:HTTP\/1.1 103 Early Hints\r\nlink: <\/a>\r\n\r\n)+HTTP\/1.1 502 /);
    assert.ok(received.length < 32 * 1024, 'the limit of a head holds for all of them together');
  });
});
