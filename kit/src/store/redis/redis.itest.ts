import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';
import { createTestRedis, type TestRedis } from '../../testing/redis.ts';
import { until } from '../../testing/until.ts';
import { type Change, describeStore, unavailable } from '../testing/conformance.ts';
import { redisOptions } from './connection.ts';
import { openRedis, type RedisStore } from './redis.ts';

/** The suite's change as one function: all of it is checked before anything is written. */
const library = `
kit.transaction('change', function(tx, args)
  local key, change = args[1], cjson.decode(args[2])
  local message, version, event = change.message, change.version, change.event
  if message and not tx.first_time(message.consumer, message.eventId) then return 'false' end
  if version and not tx.newer(version.consumer, 'things', version.aggregateId, version.version) then return 'false' end
  tx.write('RPUSH', tx.key('things'), key)
  if event then tx.event(event) end
  if change.fail then error('changed my mind') end
  return 'true'
end)

kit.transaction('count', function(tx, args)
  local count = tx.read('GET', tx.key('count')) or '0'
  tx.write('INCRBY', tx.key('count'), args[1])
  return count
end)
`;

async function change(store: RedisStore, { key, event, message, version, fail }: Change): Promise<boolean> {
  const facts = event && {
    id: event.id,
    type: event.type,
    type_version: String(event.typeVersion),
    aggregate_id: event.aggregateId,
    aggregate_version: String(event.aggregateVersion),
    state: JSON.stringify(event.state),
    occurred_at_us: String(event.occurredAtUs),
    ...(event.trace === undefined ? {} : { trace: JSON.stringify(event.trace) }),
    ...(event.deadlineMs === undefined ? {} : { deadline_ms: String(event.deadlineMs) }),
  };
  const newer = version && { ...version, version: String(version.version) };
  const args = [key, JSON.stringify({ event: facts, message, version: newer, fail })];
  const { text } = await store.transaction({ name: 'change', operationId: randomUUID(), args });
  return text === 'true';
}

describeStore('Redis', async () => {
  const server = await createTestRedis();
  const open = () => openRedis({ url: server.url, tag: server.tag, commandTimeoutMs: 500 });
  const store = open();
  return {
    store,
    files: {
      ending: 'lua',
      first: library,
      second: `${library}-- The second version.\n`,
      broken: 'kit.transaction(',
    },
    change: (one) => change(store, one),
    keys: async () => (await store.read((client) => client.lrange(`${store.prefix}things`, 0, -1))).sort(),
    dieInside: async () => {
      server.loseReplies();
      const dying = change(store, { key: 'dead' });
      setImmediate(() => server.takeDown());
      await dying.finally(() => server.bringBack());
    },
    takeDown: async () => server.takeDown(),
    bringBack: async () => server.bringBack(),
    another: open,
    drop: () => server.drop(),
  };
});

describe('Redis', () => {
  let server: TestRedis;
  let store: RedisStore;
  let path: string;
  const count = (operationId: string, by = '1') => store.transaction({ name: 'count', operationId, args: [by] });
  const counted = () => store.read((client) => client.get(`${store.prefix}count`));
  const careless: string[] = [];

  before(async () => {
    server = await createTestRedis();
    const { url, tag } = server;
    store = openRedis({ url, tag, commandTimeoutMs: 500, onCareless: (fault) => careless.push(fault) });
    path = await mkdtemp(join(tmpdir(), 'schema-'));
    await writeFile(join(path, '001_count.lua'), library);
    await store.applySchema({ folder: pathToFileURL(`${path}/`) });
  });
  after(async () => {
    await store.close();
    await server.drop();
    await rm(path, { recursive: true });
  });

  test('an operation whose reply was lost has run once, and its repetition gets the first result', async () => {
    const operation = randomUUID();
    await store.ping();
    server.loseReplies();
    await assert.rejects(count(operation), unavailable);
    server.bringBack();
    assert.deepEqual(await count(operation), { text: '0', repeated: true });
    assert.equal(await counted(), '1');
    assert.deepEqual(await count(randomUUID()), { text: '1', repeated: false });
  });

  test('a command whose reply was lost is not sent again by the driver, and rejects', async () => {
    const limits = { connectTimeoutMs: 1_000, commandTimeoutMs: 20_000, onIdleError: () => {} };
    const driver = new Redis(server.url, redisOptions({ url: server.url, ...limits }));
    driver.on('error', () => {});
    await driver.connect();
    const key = `${store.prefix}plain`;
    server.loseReplies();
    const reply = driver.incr(key);
    const rejected = assert.rejects(reply, /closed|max retries/i);
    await until('the command', async () => (await server.client.get(key)) === '1');
    server.takeDown();
    server.bringBack();
    await rejected;
    await assert.rejects(driver.ping(), /closed|writeable/i);
    assert.equal(await server.client.get(key), '1');
    driver.disconnect();
  });

  test('a silent server does not hang its callers, and is left', async () => {
    const { url, tag } = server;
    const other = openRedis({ url, tag, commandTimeoutMs: 500 });
    const late = openRedis({ url, tag, connectTimeoutMs: 50 });
    try {
      await other.ping();
      server.silence();
      await assert.rejects(other.ping(), unavailable);
      await assert.rejects(late.ping(), unavailable);
      server.bringBack();
      await other.ping();
    } finally {
      server.bringBack();
      await other.close();
      await late.close();
    }
  });

  test('a function of a version before goes on beside the newest', async () => {
    await writeFile(join(path, '002_count.lua'), `${library}-- counts differently`);
    const newer = openRedis({ url: server.url, tag: server.tag });
    assert.deepEqual(await newer.applySchema({ folder: pathToFileURL(`${path}/`) }), ['002_count.lua']);
    assert.equal((await count(randomUUID())).repeated, false);
    await newer.transaction({ name: 'count', operationId: randomUUID(), args: ['1'] });
    await newer.close();
    await rm(join(path, '002_count.lua'));
  });

  test('functions that the server lost are loaded at the next start', async () => {
    await server.client.function('DELETE', `${server.tag.replace('-', '_')}_v001`);
    await assert.rejects(count(randomUUID()), (error: unknown) => !unavailable(error));
    assert.deepEqual(await store.applySchema({ folder: pathToFileURL(`${path}/`) }), []);
    await count(randomUUID());
  });

  test('ids of events follow from the operation, and versions keep their digits', async () => {
    await writeFile(
      join(path, '003_facts.lua'),
      `${library}
       kit.transaction('fact', function(tx, args)
         tx.write('HSET', tx.key('thing'), 'version', args[1])
         tx.event({ type = 'things.changed', type_version = '1', aggregate_id = 'a', state = '{}',
           aggregate_version = kit.text(tonumber(args[1])) })
       end)`,
    );
    await store.applySchema({ folder: pathToFileURL(`${path}/`) });
    const large = '9007199254740991';
    await store.transaction({ name: 'fact', operationId: 'same', args: [large] });
    const claim = await store.outboxFeed.claim();
    assert.ok(claim);
    const [row] = await claim.next(1, []);
    assert.equal(row?.event.aggregateVersion, Number(large));
    assert.match(row?.event.id ?? '', /^[\da-f]{8}-[\da-f]{4}-5[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/);
    await claim.release();
  });

  test('a relay that lost its lease reads no more', async () => {
    const claim = await store.outboxFeed.claim();
    assert.ok(claim);
    await server.client.set(`${store.prefix}relay`, 'another');
    await assert.rejects(claim.next(1, []), /another relay/);
    await assert.rejects(claim.markPublished(['1-1']), /another relay/);
    await claim.release();
    assert.equal(await server.client.get(`${store.prefix}relay`), 'another');
    await server.client.del(`${store.prefix}relay`);
  });

  test('the result of an operation is kept for a time', async () => {
    const operation = randomUUID();
    await count(operation);
    const ttl = await server.client.ttl(`${store.prefix}op:${operation}`);
    assert.ok(ttl > 0 && ttl <= 86_400);
  });

  test('no function runs before the schema was applied', async () => {
    const early = openRedis({ url: server.url, tag: server.tag });
    await assert.rejects(early.transaction({ name: 'count', operationId: 'x', args: ['1'] }), unavailable);
    await early.close();
    assert.throws(() => openRedis({ url: server.url, tag: 'a}b' }), /tag/);
  });
});
