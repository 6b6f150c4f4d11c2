import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import type { ConnectionTimeouts, LimitsPolicy } from '../../config/policy-model.ts';
import { MeshError } from '../../errors.ts';
import { backendPolicy } from '../../testing/config.ts';
import { exchangeOf } from '../../testing/exchange.ts';
import { Closing, until } from '../../testing/harness.ts';
import { limitsOf } from '../connections.ts';
import { Pool } from './pool.ts';
import { always, contentOf, type ScriptedServer, scriptedServer, untilClosed } from './testing/scripted.ts';

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
let closing = new Closing();
afterEach(async () => {
  await closing.close();
  closing = new Closing();
});

/** Limits longer than any test, unless a test sets its own. */
function policyWith(over: Partial<ConnectionTimeouts & LimitsPolicy> = {}) {
  const { timeouts, limits } = backendPolicy();
  const { connectMs = 60_000, idleMs = 60_000, keepAliveMs = 60_000 } = over;
  const { maxConnections = limits.maxConnections, queueTimeoutMs = 60_000, retryAfterS = 1 } = over;
  return backendPolicy({
    timeouts: { ...timeouts, connectMs, idleMs, keepAliveMs },
    limits: { ...limits, maxConnections, queueTimeoutMs, retryAfterS },
  });
}

async function before(reply: ScriptedServer['reply'], over: Parameters<typeof policyWith>[0] = {}) {
  const server = await scriptedServer(closing, reply);
  const pool = new Pool('127.0.0.1', server.port, { ...limitsOf(policyWith(over)), headBytesMax: 4096 });
  closing.add(() => pool.destroy());
  const ask = async () => contentOf(await pool.send(exchangeOf()));
  const asked = async (count: number) =>
    until(
      () => server.seen.filter(({ received }) => received !== '').length === count,
      `${count} requests have arrived`,
    );
  return { server, pool, ask, asked };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const thrown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof MeshError, String(thrown));
  return thrown.code;
}

describe('changed limits apply to open connections:', () => {
  test('a shorter idle timeout ends a silent request in flight', async () => {
    const { pool, ask, asked } = await before(() => null);
    const failure = codeOf(ask());
    await asked(1);
    pool.follow(policyWith({ idleMs: 40 }));
    assert.equal(await failure, 'upstream_idle');
  });

  test('a longer idle timeout gives a request in flight more time', async () => {
    const { server, pool, ask, asked } = await before(() => null, { idleMs: 400 });
    const reply = ask();
    await asked(1);
    pool.follow(policyWith());
    const start = performance.now();
    await until(() => performance.now() > start + 600, 'the old limit has passed');
    server.seen[0]?.socket.write(ok);
    assert.equal(await reply, 'ok');
  });

  test('a shorter keep-alive closes unused connections', async () => {
    const { server, pool, ask } = await before(always(ok));
    await ask();
    pool.follow(policyWith({ keepAliveMs: 40 }));
    await untilClosed(server, 0);
  });

  test('a lower limit closes unused connections at once, and used ones when they become free', async () => {
    const { server, pool, ask, asked } = await before(() => null);
    const first = [ask(), ask(), ask()];
    await asked(3);
    server.seen[0]?.socket.write(ok);
    assert.equal(await first[0], 'ok');
    pool.follow(policyWith({ maxConnections: 1 }));
    await until(() => pool.stats().open === 2, 'the unused connection is closed');
    const later = ask();
    server.reply = always(ok);
    server.seen[1]?.socket.write(ok);
    await until(() => pool.stats().open === 1, 'the second connection is closed when it becomes free');
    assert.equal(pool.stats().queued, 1);
    server.seen[2]?.socket.write(ok);
    assert.deepEqual(await Promise.all([...first, later]), ['ok', 'ok', 'ok', 'ok']);
    assert.equal(server.seen.length, 3, 'the last one serves who has waited');
  });

  test('a higher limit opens connections for waiting requests', async () => {
    const { pool, ask, asked, server } = await before(() => null, { maxConnections: 1 });
    const replies = [ask(), ask()];
    await asked(1);
    assert.equal(pool.full, true);
    pool.follow(policyWith({ maxConnections: 3 }));
    assert.equal(pool.full, false);
    await asked(2);
    for (const { socket } of server.seen) socket.write(ok);
    assert.deepEqual(await Promise.all(replies), ['ok', 'ok']);
  });

  test('a shorter connect timeout ends a pending connection', async () => {
    // TEST-NET-1 (RFC 5737) has no hosts: a connection is neither accepted nor refused.
    const pool = new Pool('192.0.2.1', 9, { ...limitsOf(policyWith()), headBytesMax: 4096 });
    closing.add(() => pool.destroy());
    const failure = codeOf(pool.send(exchangeOf()));
    pool.follow(policyWith({ connectMs: 30 }));
    const code = await failure;
    // A machine without a network reports that at once.
    assert.match(code, /connect_timeout|connect_failed/);
  });
});

describe('a request that waits for a connection', () => {
  test('waits no longer than the queue timeout', async () => {
    const { server, pool, ask, asked } = await before(() => null, { maxConnections: 1, queueTimeoutMs: 50 });
    const first = ask();
    await asked(1);
    const start = performance.now();
    const failure = await ask().then(
      () => assert.fail('there is no connection for it'),
      (error: MeshError) => error,
    );
    assert.deepEqual([failure.code, failure.delivery, failure.retryAfterS], ['overloaded', 'not_sent', 1]);
    assert.ok(performance.now() - start >= 50);
    assert.equal(pool.stats().queued, 0);
    server.seen[0]?.socket.write(ok);
    assert.equal(await first, 'ok', 'the request in flight is not affected');
  });

  test('is refused by a shortened queue timeout too', async () => {
    const { pool, ask, asked } = await before(() => null, { maxConnections: 1 });
    ask().catch(() => {});
    await asked(1);
    const failure = codeOf(ask());
    pool.follow(policyWith({ maxConnections: 1, queueTimeoutMs: 30 }));
    assert.equal(await failure, 'overloaded');
  });
});
