import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from '../clock.ts';
import { MeshError } from '../errors.ts';
import type { Handler } from '../layer.ts';
import { HeldMemory } from '../memory/held-memory.ts';
import { localReply, type Reply } from '../reply.ts';
import { Closing, RawClient, until } from '../testing/harness.ts';
import { createListener, type Listener, type ListenerLimits } from './listener.ts';

let closing = new Closing();
afterEach(async () => {
  await closing.close();
  closing = new Closing();
});

const echo: Handler = async ({ path }) => localReply(200, [], path);

/** A listener that passes every request to `handler`, and clients of it. */
async function listener(handler: Handler = echo, over: Partial<ListenerLimits> = {}) {
  const refused: string[] = [];
  const limits = { headBytesMax: 16_384, headTimeoutMs: 60_000, idleTimeoutMs: 60_000, keepAliveMs: 60_000, ...over };
  const made: Listener = createListener({
    entrance: { name: 'edge', side: 'north-south', port: 0 },
    host: '127.0.0.1',
    port: 0,
    limits,
    clock: systemClock,
    memory: new HeldMemory(2 ** 20),
    newId: () => 'id',
    handler: () => handler,
    onRefused: (_entrance, code) => refused.push(code),
  });
  const port = await made.listen();
  closing.add(() => made.drain(0));
  return { made, refused, port, client: () => RawClient.to(port, closing) };
}

/** A reply whose content the test writes. */
function streamed(headers: string[], content: (client: Parameters<Reply['body']['pipeTo']>[0]) => void): Reply {
  const body = { length: null, pipeTo: content, discard: () => {}, onEnd: () => {} };
  return { status: 200, headers, body, tunneled: false };
}

const get = (path = '/', ...fields: string[]) =>
  ['GET '.concat(path, ' HTTP/1.1'), 'Host: shop', ...fields, '', ''].join('\r\n');

describe('a connection', () => {
  test('without any bytes from the client is closed without a reply', async () => {
    const { client, refused } = await listener(echo, { headTimeoutMs: 50 });
    assert.equal(await (await client()).untilClosed(), '');
    assert.deepEqual(refused, []);
  });

  test('with an unfinished head is closed with 408', async () => {
    const { client, refused } = await listener(echo, { headTimeoutMs: 50 });
    const one = await client();
    one.send('GET / HT');
    assert.match(await one.untilClosed(), /^HTTP\/1\.1 408 /);
    assert.deepEqual(refused, ['client_stalled']);
  });

  test('has the same time limit for the head of a second request', async () => {
    const { client } = await listener(echo, { headTimeoutMs: 50 });
    const one = await client();
    one.send(get('/1'));
    await one.untilReceived(/\/1$/);
    one.send('GET / HT');
    assert.match(await one.untilClosed(), /\/1HTTP\/1\.1 408 /);
  });

  test('that is unused is closed, later than announced', async () => {
    const { client } = await listener(echo, { keepAliveMs: 1000 });
    const one = await client();
    one.send(get());
    const received = await one.untilClosed();
    assert.match(received, /\r\nkeep-alive: timeout=1\r\n\r\n\/$/);
  });

  test('of an HTTP/1.0 client stays open if the client asks for that and the length is known', async () => {
    const { client } = await listener();
    const one = await client();
    one.send('GET /1 HTTP/1.0', 'Connection: Keep-Alive', '', '');
    await one.untilReceived(/connection: keep-alive\r\n[\s\S]*\/1$/);
    one.send('GET /2 HTTP/1.0', '', '');
    assert.match(await one.untilClosed(), /connection: close\r\n\r\n\/2$/);
  });

  test('of an HTTP/1.0 client closes at the end of a reply of unknown length, and is reset if the reply breaks off', async () => {
    const endings: ((how: 'whole' | 'broken') => void)[] = [];
    const { client } = await listener(async () =>
      streamed([], (to) => {
        to.write(Buffer.from('part'));
        endings.push((how) => (how === 'whole' ? to.end(null, []) : to.fail(new MeshError('upstream_reset', ''))));
      }),
    );
    const outcome = async (how: 'whole' | 'broken') => {
      const one = await client();
      const ended = Promise.withResolvers<string>();
      one.socket.on('error', (error: NodeJS.ErrnoException) => ended.resolve(String(error.code)));
      one.socket.on('end', () => ended.resolve('end'));
      one.send('GET / HTTP/1.0', '', '');
      await one.untilReceived(/\r\n\r\npart$/);
      endings.shift()?.(how);
      return ended.promise;
    };
    assert.equal(await outcome('whole'), 'end');
    assert.equal(await outcome('broken'), 'ECONNRESET');
  });

  test('closed within a head gets 400', async () => {
    const { made, port } = await listener();
    const one = await RawClient.to(port, closing, { allowHalfOpen: true });
    one.socket.end('GET / HT');
    await one.untilReceived(/^HTTP\/1\.1 400 /);
    await until(() => made.connections() === 0, 'the connection is closed on this side too');
  });

  test('sends no content with a refusal of HEAD, however little of the head has arrived', async () => {
    const { client, port } = await listener(echo, { headTimeoutMs: 50 });
    const noContent = /\r\ncontent-length: [1-9]\d*\r\n[\s\S]*\r\n\r\n$/;
    for (const [status, ...pieces] of [
      ['400', 'HEAD / HTTP/1.1\r\nHost : shop\r\n\r\n'],
      ['400', '\r\nHEAD / HTTP/1.1\r\nno colon\r\n\r\n'],
      ['400', 'HE', 'AD / HTTP/1.1\r\nHost : ', 'shop\r\n\r\n'],
      ['400', 'HEAD /a b HTTP/1.1\r\nHost: shop\r\n\r\n'],
      ['400', 'HEAD / HTTP/1.1\r\nHost: shop\n\r\n'],
      ['408', 'HEAD / HTTP/1.1\r\nHo'],
      ['417', 'HEAD / HTTP/1.1\r\nHost: shop\r\nExpect: more\r\n\r\n'],
      ['431', `HEAD / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
    ] as const) {
      const one = await client();
      for (const piece of pieces) await new Promise((resolve) => one.socket.write(piece, 'latin1', resolve));
      const received = await one.untilClosed();
      assert.match(received, new RegExp(`^HTTP/1\\.1 ${status} `), JSON.stringify(pieces));
      assert.match(received, noContent, JSON.stringify(pieces));
    }
    const half = await RawClient.to(port, closing, { allowHalfOpen: true });
    half.socket.end('HEAD / HT');
    assert.match(await half.untilReceived(/^HTTP\/1\.1 400 [\s\S]*\r\n\r\n/), noContent);
    const second = await client();
    second.socket.write(`${get('/1')}HEAD / HTTP/1.1\r\nHost : shop\r\n\r\n`, 'latin1');
    assert.match(await second.untilClosed(), /\/1HTTP\/1\.1 400 [\s\S]*\r\n\r\n$/);
    const other = await client();
    other.socket.write('GET / HTTP/1.1\r\nHost : shop\r\n\r\n', 'latin1');
    assert.match(await other.untilClosed(), /"status":400/);
  });

  test('closed between requests is closed on this side too', async () => {
    const { made, port } = await listener();
    const one = await RawClient.to(port, closing, { allowHalfOpen: true });
    one.socket.end(get());
    await one.untilReceived(/\/$/);
    await until(() => made.connections() === 0, 'the connection is closed on this side too');
  });
});

describe('memory', () => {
  test('of a connection shrinks again for small requests after a large one', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { client } = await listener(echo);
    const count = 200;
    const held = () => {
      collect();
      return process.memoryUsage().arrayBuffers;
    };
    const before = held();
    const clients = await Promise.all(Array.from({ length: count }, client));
    const body = 'x'.repeat(200_000);
    for (const one of clients) {
      one.socket.write(`${get('/large', `Content-Length: ${body.length}`)}${body}${get('/small')}`);
      await one.untilReceived(/\/small$/);
    }
    // The garbage collector returns memory with a delay.
    await until(() => (held() - before) / count < 32 * 1024, 'each connection holds less than 32 KiB');
  });
});

describe('content', () => {
  test('longer or shorter than announced is never read as that of another reply', async () => {
    for (const content of ['abc', 'abcdefgh']) {
      const { client, made } = await listener(async () =>
        streamed(['content-length', '5'], (to) => to.end(Buffer.from(content), [])),
      );
      const one = await client();
      one.send(get('/1'), get('/2'));
      assert.doesNotMatch(await one.untilClosed(), /abc/);
      assert.equal(made.inFlight(), 0);
    }
  });

  test('of unknown length is sent in chunks, with trailers behind', async () => {
    const { client } = await listener(async () =>
      streamed([], (to) => {
        to.write(Buffer.from('hello'));
        to.write(Buffer.alloc(0));
        to.end(Buffer.from(' there'), ['x-sum', '1']);
      }),
    );
    const one = await client();
    one.send(get());
    await one.untilReceived(/\r\n\r\n5\r\nhello\r\n6\r\n there\r\n0\r\nx-sum: 1\r\n\r\n$/);
  });

  test('of HEAD, 204 and 304 is not sent', async () => {
    const { client } = await listener(async ({ path }) =>
      streamedAs(Number(path.slice(1)), (to) => {
        to.write(Buffer.from('no'));
        to.end(Buffer.from('ne'), []);
      }),
    );
    for (const request of [get('/200').replace('GET', 'HEAD'), get('/204'), get('/304')]) {
      const one = await client();
      one.send(request.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
      assert.match(await one.untilClosed(), /^HTTP\/1\.1 \d{3} [\s\S]*\r\n\r\n$/);
    }
  });

  test('of a request that is not read is discarded, and the next request is read', async () => {
    const { client } = await listener();
    const one = await client();
    const body = 'x'.repeat(300_000);
    one.send(get('/1', `Content-Length: ${body.length}`));
    one.socket.write(body);
    one.send(get('/2'));
    await one.untilReceived(/\/1[\s\S]*\/2$/);
  });

  test('an invalid reply closes the connection before a byte of it is sent', async () => {
    const { client } = await listener(async () => localReply(200, ['x', 'a\r\nb'], 'no'));
    const one = await client();
    one.send(get());
    assert.equal(await one.untilClosed(), '');
  });
});

function streamedAs(status: number, content: (client: Parameters<Reply['body']['pipeTo']>[0]) => void): Reply {
  return { ...streamed([], content), status };
}

describe('draining', () => {
  test('closes idle connections at once, and the others after their reply', async () => {
    const gate = Promise.withResolvers<void>();
    const { made, client } = await listener(async (exchange) => {
      if (exchange.path === '/slow') await gate.promise;
      return echo(exchange);
    });
    const [idle, busy] = [await client(), await client()];
    idle.send(get('/1'));
    await idle.untilReceived(/\/1$/);
    busy.send(get('/slow'), get('/never'));
    await until(() => made.inFlight() === 1, 'the request is in flight');
    const drained = made.drain(60_000);
    await idle.untilClosed();
    gate.resolve();
    assert.match(await busy.untilClosed(), /connection: close\r\n\r\n\/slow$/);
    await drained;
    assert.equal(made.connections(), 0);
  });
});
