import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { MeshError } from '../../errors.ts';
import { type Asked, exchangeOf } from '../../testing/exchange.ts';
import { Closing, until } from '../../testing/harness.ts';
import type { ConnectionOptions } from '../connections.ts';
import { Pool } from './pool.ts';
import { always, contentOf, handBody, type ScriptedServer, scriptedServer, untilClosed } from './testing/scripted.ts';

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
let closing = new Closing();
afterEach(async () => {
  await closing.close();
  closing = new Closing();
});

function poolTo({ port }: { port: number }, over: Partial<ConnectionOptions> = {}): Pool {
  const pool = new Pool('127.0.0.1', port, {
    connectTimeoutMs: 5000,
    idleTimeoutMs: 30_000,
    keepAliveMs: 30_000,
    connectionsMax: 8,
    queueTimeoutMs: 30_000,
    retryAfterS: 1,
    headBytesMax: 4096,
    ...over,
  });
  closing.add(() => pool.destroy());
  return pool;
}

async function before(reply: ScriptedServer['reply'], over: Partial<ConnectionOptions> = {}) {
  const server = await scriptedServer(closing, reply);
  return { server, pool: poolTo(server, over) };
}

const ask = async (pool: Pool, asked: Asked = {}) => contentOf(await pool.send(exchangeOf(asked)));

async function failureOf(promise: Promise<unknown>): Promise<MeshError> {
  const thrown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof MeshError, String(thrown));
  return thrown;
}

describe('a connection', () => {
  test('is used again when its reply has ended', async () => {
    const { server, pool } = await before(always(ok));
    for (let n = 0; n < 3; n += 1) assert.equal(await ask(pool), 'ok');
    assert.equal(server.seen.length, 1);
    assert.deepEqual(pool.stats(), { open: 1, queued: 0 });
  });

  const doubtful: [name: string, raw: string][] = [
    ['bytes stand behind the reply', `${ok}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`],
    ['the server closes it', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'],
    ['the server speaks HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    [
      'the server keeps it for less than a second',
      'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok',
    ],
  ];
  for (const [name, raw] of doubtful) {
    test(`is not used again where ${name}`, async () => {
      const { server, pool } = await before(always(raw));
      assert.equal(await ask(pool), 'ok');
      assert.equal(await ask(pool), 'ok');
      assert.equal(server.seen.length, 2);
      await untilClosed(server, 0);
    });
  }

  test('is not used again after unrequested input', async () => {
    const { server, pool } = await before(always(ok));
    await ask(pool);
    server.seen[0]?.socket.write(ok);
    await untilClosed(server, 0);
    assert.equal(await ask(pool), 'ok');
    assert.equal(server.seen.length, 2);
  });

  test('is closed when it has been unused for the keep-alive time, or shortly before the server would close it', async () => {
    for (const [raw, keepAliveMs] of [
      [ok, 60],
      ['HTTP/1.1 200 OK\r\nKeep-Alive: timeout=2\r\nContent-Length: 2\r\n\r\nok', 600_000],
    ] as const) {
      const { server, pool } = await before(always(raw), { keepAliveMs });
      await ask(pool);
      await untilClosed(server, 0);
      await until(() => pool.stats().open === 0, 'the pool has noticed');
    }
  });

  test('is opened for each concurrent request, up to the limit; further requests wait', async () => {
    const { server, pool } = await before(() => null, { connectionsMax: 2 });
    const replies = ['/a', '/b', '/c', '/d'].map((path) => ask(pool, { path }));
    await until(() => server.seen.filter(({ received }) => received !== '').length === 2, 'two requests are in flight');
    assert.equal(pool.stats().queued, 2);
    server.reply = (received) => (/ (\/.)/.test(received) ? ok : null);
    for (const { socket } of server.seen) socket.write(ok);
    assert.deepEqual(await Promise.all(replies), ['ok', 'ok', 'ok', 'ok']);
    assert.equal(server.seen.length, 2);
  });
});

describe('a request', () => {
  test('is sent as it is, with the fields of this connection', async () => {
    const { server, pool } = await before(always(ok));
    const headers = ['x-a', 'b \xe4', 'connection', 'upgrade', 'content-length', '9', 'transfer-encoding', 'chunked'];
    await ask(pool, { path: '/a?b', headers });
    assert.equal(
      server.seen[0]?.received,
      'GET /a?b HTTP/1.1\r\nhost: shop\r\nconnection: keep-alive\r\nx-a: b \xe4\r\n\r\n',
    );
  });

  test('that expects content, but has none, says so', async () => {
    const { server, pool } = await before(always(ok));
    await ask(pool, { method: 'POST' });
    assert.match(server.seen[0]?.received ?? '', /\r\ncontent-length: 0\r\n\r\n$/);
  });

  test('carries its body by its length, or in chunks', async () => {
    const { server, pool } = await before((received) => (/hello$|\r\n0\r\n\r\n$/.test(received) ? ok : null));
    await ask(pool, { method: 'POST', body: 'hello' });
    assert.match(server.seen[0]?.received ?? '', /\r\ncontent-length: 5\r\n\r\nhello$/);
    const body = handBody(null);
    const reply = ask(pool, { method: 'POST', body: body.source });
    await until(() => body.given.started, 'the body is being read');
    body.chunk('hello');
    body.chunk('');
    body.chunk('0123456789abcdef');
    body.end();
    assert.equal(await reply, 'ok');
    assert.match(
      server.seen[0]?.received ?? '',
      /\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n$/,
    );
    assert.equal(server.seen.length, 1);
  });

  test('that would be read as something else is not sent', async () => {
    const { server, pool } = await before(always(ok));
    const unfit: Asked[] = [
      { headers: ['x', 'a\r\nY: b'] },
      // Truncated to its low byte, this would be a line feed.
      { headers: ['x', 'a\u010ab'] },
      { headers: ['x y', 'a'] },
      { headers: ['x:', 'a'] },
      { path: '/ HTTP/1.1\r\nX: y' },
      { path: '' },
      { method: 'GET /' },
    ];
    for (const asked of unfit) {
      const { code, delivery } = await failureOf(ask(pool, asked));
      assert.deepEqual({ code, delivery }, { code: 'bad_request', delivery: 'not_sent' }, JSON.stringify(asked));
    }
    assert.equal(await ask(pool), 'ok');
    assert.equal(
      server.seen
        .map(({ received }) => received)
        .join('')
        .split('GET').length,
      2,
    );
  });

  test('whose body is longer or shorter than announced is aborted', async () => {
    const { server, pool } = await before(() => null);
    for (const [n, text] of ['123456', '1234'].entries()) {
      const body = handBody(5);
      const reply = failureOf(ask(pool, { method: 'POST', body: body.source }));
      await until(() => body.given.started, 'the body is being read');
      body.chunk(text);
      body.end();
      assert.equal((await reply).code, 'bad_request');
      await untilClosed(server, n);
      assert.doesNotMatch(server.seen[n]?.received ?? '', /6/);
    }
  });

  test('with a reply before it was sent whole: the reply counts, and the connection is not used again', async () => {
    const { server, pool } = await before(always('HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno'));
    const body = handBody(1000);
    const reply = await pool.send(exchangeOf({ method: 'POST', body: body.source }));
    assert.equal(reply.status, 413);
    assert.equal(await contentOf(reply), 'no');
    await untilClosed(server, 0);
    assert.equal(body.given.canceled, true);
    body.chunk('too late');
    assert.equal(pool.stats().open, 0);
  });

  test('whose client aborts fails with that, and never arrives whole', async () => {
    const { server, pool } = await before(() => null);
    const body = handBody(null);
    const reply = failureOf(ask(pool, { method: 'POST', body: body.source }));
    await until(() => body.given.started, 'the body is being read');
    body.chunk('half');
    body.fail(new MeshError('client_closed', 'gone'));
    assert.equal((await reply).code, 'client_closed');
    await untilClosed(server, 0);
    assert.doesNotMatch(server.seen[0]?.received ?? '', /\r\n0\r\n/);
  });

  test('canceled while it waits is never sent; canceled in flight, it closes its connection', async () => {
    const { server, pool } = await before(() => null, { connectionsMax: 1 });
    const [first, second] = [exchangeOf({ path: '/first' }), exchangeOf({ path: '/second' })];
    const failures = [first, second].map((exchange) => failureOf(pool.send(exchange)));
    await until(() => (server.seen[0]?.received ?? '') !== '', 'the first request is in flight');
    second.abort(new MeshError('deadline_exceeded', 'late'));
    assert.deepEqual(pool.stats(), { open: 1, queued: 0 });
    first.abort(new MeshError('client_closed', 'gone'));
    const codes = (await Promise.all(failures)).map(({ code }) => code);
    assert.deepEqual(codes, ['client_closed', 'deadline_exceeded']);
    await untilClosed(server, 0);
    assert.doesNotMatch(server.seen.map(({ received }) => received).join(''), /second/);
  });
});

describe('a failure', () => {
  test('to connect means that no waiting request was sent', async () => {
    const gone = await scriptedServer(closing, () => null);
    const { port } = gone;
    await closing.close();
    closing = new Closing();
    const pool = poolTo({ port });
    const failures = await Promise.all([1, 2, 3].map(() => failureOf(ask(pool))));
    for (const { code, delivery } of failures) {
      assert.deepEqual({ code, delivery }, { code: 'connect_failed', delivery: 'not_sent' });
    }
    assert.deepEqual(pool.stats(), { open: 0, queued: 0 });
  });

  test('before the head means that the request may have been sent, on a used or a new connection', async () => {
    let times = 0;
    const { server, pool } = await before((received, connection) => {
      times += 1;
      if (times === 1) return always(ok)(received, connection);
      server.seen[connection]?.socket.destroy();
      return null;
    });
    await ask(pool);
    for (let n = 0; n < 2; n += 1) {
      const { code, delivery } = await failureOf(ask(pool));
      assert.deepEqual({ code, delivery }, { code: 'upstream_reset', delivery: 'maybe_sent' });
    }
    assert.equal(server.seen.length, 2);
  });

  test('within the body breaks the body off', async () => {
    for (const raw of ['Content-Length: 5\r\n\r\nab', 'Transfer-Encoding: chunked\r\n\r\n5\r\nab']) {
      const { server, pool } = await before((_received, connection) => {
        queueMicrotask(() => server.seen[connection]?.socket.end());
        return `HTTP/1.1 200 OK\r\n${raw}`;
      });
      const reply = await pool.send(exchangeOf());
      assert.equal((await failureOf(contentOf(reply))).code, 'upstream_reset');
    }
  });

  test('to speak HTTP closes the connection', async () => {
    const { server, pool } = await before(always('hello\r\n\r\n'));
    assert.equal((await failureOf(ask(pool))).code, 'upstream_garbage');
    await untilClosed(server, 0);
  });

  test('to send anything is reported before the head and within the body', async () => {
    for (const raw of [null, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab']) {
      const { server, pool } = await before(() => raw, { idleTimeoutMs: 50 });
      const failure = await failureOf(ask(pool));
      assert.equal(failure.code, 'upstream_idle');
      await untilClosed(server, 0);
    }
  });

  test('is not reported while the client is slow', async () => {
    const { server, pool } = await before(() => null, { idleTimeoutMs: 30 });
    const body = handBody(10);
    const reply = ask(pool, { method: 'POST', body: body.source });
    await until(() => body.given.started, 'the body is being read');
    const tick = pool.tick;
    await until(() => pool.tick > tick + 30, 'much more time than the timeout has passed');
    body.chunk('0123456789');
    body.end();
    server.reply = () => ok;
    assert.equal(await reply, 'ok');
  });
});

describe('a pool that is closed', () => {
  test('takes no new requests, ends those in flight, and closes', async () => {
    const { server, pool } = await before(() => null);
    const reply = ask(pool);
    await until(() => (server.seen[0]?.received ?? '') !== '', 'the request is in flight');
    const closed = pool.close();
    const { code, delivery } = await failureOf(ask(pool));
    assert.deepEqual({ code, delivery }, { code: 'connect_failed', delivery: 'not_sent' });
    server.seen[0]?.socket.write(ok);
    assert.equal(await reply, 'ok');
    await closed;
    await untilClosed(server, 0);
  });

  test('at once aborts the requests in flight', async () => {
    const { server, pool } = await before(() => null, { connectionsMax: 1 });
    const failures = [failureOf(ask(pool)), failureOf(ask(pool))];
    await until(() => (server.seen[0]?.received ?? '') !== '', 'one request is in flight');
    await pool.destroy();
    const said = (await Promise.all(failures)).map(({ code, delivery }) => `${code} ${delivery}`);
    assert.deepEqual(said, ['connect_failed maybe_sent', 'connect_failed not_sent']);
    await untilClosed(server, 0);
  });
});

test('the rest of a discarded reply is read if it is small; otherwise its connection is closed', async () => {
  for (const [length, connections] of [
    [1000, 1],
    [1_000_000, 2],
  ] as const) {
    const { server, pool } = await before(always(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\nab`));
    const reply = await pool.send(exchangeOf());
    const ended = new Promise((resolve) => reply.body.onEnd(resolve));
    reply.body.discard();
    if (connections === 1) server.seen[0]?.socket.write('x'.repeat(length - 2));
    await ended;
    if (connections === 2) await untilClosed(server, 0);
    server.reply = always(ok);
    assert.equal(await ask(pool), 'ok');
    assert.equal(server.seen.length, connections);
  }
});

test('large replies arrive byte for byte, although their memory is reused', async () => {
  const text = Array.from({ length: 200_000 }, (_, n) => `${n},`).join('');
  const { pool } = await before(always(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`));
  const replies = await Promise.all([pool.send(exchangeOf()), pool.send(exchangeOf())]);
  for (const reply of replies) assert.ok((await contentOf(reply)) === text);
});
