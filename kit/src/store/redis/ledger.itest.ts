import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Ledger } from '../../import/ledger.ts';
import { describeMoves } from '../../import/testing/moves-suite.ts';
import { Thing } from '../../import/testing/subject.ts';
import { eventAt } from '../../messages/testing.ts';
import { createTestRedis, type TestRedis } from '../../testing/redis.ts';
import { type RedisTx, redisLedger } from './ledger.ts';
import { openRedis, type RedisStore } from './redis.ts';

async function openTest(): Promise<{ server: TestRedis; store: RedisStore; drop(): Promise<void> }> {
  const server = await createTestRedis();
  const store = openRedis({ url: server.url, tag: server.tag, commandTimeoutMs: 10_000 });
  const folder = await mkdtemp(join(tmpdir(), 'moves-'));
  await writeFile(join(folder, '001_none.lua'), '-- The kit has the only function.');
  await store.applySchema({ folder: pathToFileURL(`${folder}/`) });
  return {
    server,
    store,
    drop: async () => {
      await store.close();
      await server.drop();
      await rm(folder, { recursive: true });
    },
  };
}

/** Things in a hash of names, beside a hash of who has a name. A name that was set aside is empty. */
describeMoves<RedisTx>('Redis', async () => {
  const { server, store, drop } = await openTest();
  const [things, held] = [`${store.prefix}things`, `${store.prefix}held`];
  const put = async (tx: RedisTx, key: string, name: string) => {
    const before = await tx.read('HGET', things, key);
    if (typeof before === 'string' && before !== name) tx.write('HDEL', held, before);
    tx.write('HSET', things, key, name);
    tx.write('HSET', held, name, key);
  };
  return {
    ledger: redisLedger(store),
    put,
    resource: {
      name: 'things',
      group: 'things',
      schema: Thing,
      apply: async (tx, changes) => {
        const own = new Set(changes.map(({ key }) => key));
        for (const { key, state } of changes) {
          const before = await tx.read('HGET', things, key);
          if (typeof before === 'string') tx.write('HDEL', held, before);
          if (state === null) tx.write('HDEL', things, key);
          else {
            const holder = await tx.read('HGET', held, state.name);
            if (typeof holder === 'string' && !own.has(holder)) tx.write('HSET', things, holder, '');
          }
        }
        for (const { key, state } of changes) {
          if (state === null) continue;
          tx.write('HSET', things, key, state.name);
          tx.write('HSET', held, state.name, key);
        }
      },
      read: async (tx, keys) => {
        if (keys.length === 0) return new Map();
        const names = await tx.peek((client) => client.hmget(things, ...keys));
        return new Map(keys.flatMap((key, index) => (names[index] == null ? [] : [[key, { name: names[index] }]])));
      },
      keys: async (tx, { after: from, to, limit }) =>
        (await tx.peek((client) => client.hkeys(things)))
          .filter((key) => (from === null || key > from) && (to === null || key <= to))
          .sort()
          .slice(0, limit),
      displaced: async (tx) => (await tx.peek((client) => client.hvals(things))).filter((name) => name === '').length,
    },
    clear: async () => {
      const keys = await server.client.keys(`${store.prefix}*`);
      const kept = new Set([`${store.prefix}version_counter`, `${store.prefix}schema_files`]);
      const gone = keys.filter((key) => !kept.has(key));
      if (gone.length > 0) await server.client.del(...gone);
    },
    drop,
  };
});

describe('a transaction of the Redis ledger', () => {
  let server: TestRedis;
  let store: RedisStore;
  let ledger: Ledger<RedisTx>;
  let drop: () => Promise<void>;
  const key = (name: string) => `${store.prefix}${name}`;
  before(async () => {
    ({ server, store, drop } = await openTest());
    ledger = redisLedger(store);
  });
  after(() => drop());

  test('is repeated when what it read has changed, so that none of many at once is lost', async () => {
    const add = () =>
      ledger.transaction(async (tx) => {
        const count = Number((await tx.read('GET', key('count'))) ?? 0);
        tx.write('SET', key('count'), count + 1);
      });
    await Promise.all(Array.from({ length: 40 }, add));
    assert.equal(await server.client.get(key('count')), '40');
  });

  test('compares replies of each kind: nothing, texts, numbers, lists', async () => {
    await server.client.hset(key('hash'), 'a', '1', 'b', '2');
    await ledger.transaction(async (tx) => {
      assert.equal(await tx.read('GET', key('none')), null);
      assert.deepEqual(await tx.read('HMGET', key('hash'), 'a', 'none'), ['1', null]);
      assert.equal(await tx.read('HLEN', key('hash')), 2);
      assert.deepEqual(await tx.read('LRANGE', key('none'), '0', '-1'), []);
      tx.write('SET', key('kinds'), 'done');
    });
    assert.equal(await server.client.get(key('kinds')), 'done');
  });

  test('sees that a list has become longer', async () => {
    let attempts = 0;
    await ledger.transaction(async (tx) => {
      attempts += 1;
      await tx.read('LRANGE', key('list'), '0', '-1');
      if (attempts === 1) await server.client.rpush(key('list'), 'new');
      tx.write('SET', key('length'), attempts);
    });
    assert.equal(await server.client.get(key('length')), '2');
  });

  test('whose reply was lost is asked for again and has happened once', async () => {
    let lost = false;
    await ledger.transaction(async (tx) => {
      tx.write('INCR', key('once'));
      server.loseReplies();
      lost = true;
      setImmediate(() => {
        server.takeDown();
        server.bringBack();
      });
    });
    assert.ok(lost);
    assert.equal(await server.client.get(key('once')), '1');
  });

  test('that drew its version before another one and comes after it draws a newer one', async () => {
    const drawn: number[] = [];
    await ledger.transaction(async (tx) => {
      const version = await ledger.nextCounter(tx);
      drawn.push(version);
      if (drawn.length === 1) {
        await ledger.transaction(async (other) => {
          const row = { key: 'a', version: await ledger.nextCounter(other), deleted: false };
          await ledger.record(other, 'things', [row], true);
        });
      }
      await ledger.record(tx, 'things', [{ key: 'a', version, deleted: false }], true);
    });
    assert.equal(drawn.length, 2);
    assert.deepEqual(await ledger.transaction((tx) => ledger.pending(tx, 'things', 10)), [
      { key: 'a', version: drawn[1] },
    ]);
  });

  test('has versions of sixteen digits', async () => {
    const row = { key: 'large', version: Number.MAX_SAFE_INTEGER, deleted: false };
    await ledger.transaction((tx) => ledger.record(tx, 'large', [row], true));
    await ledger.transaction((tx) => ledger.acknowledge(tx, 'large', [{ ...row, version: row.version - 1 }]));
    const [kept] = await ledger.transaction((tx) => ledger.pending(tx, 'large', 10));
    assert.equal(kept?.version, Number.MAX_SAFE_INTEGER);
    await ledger.transaction((tx) => ledger.acknowledge(tx, 'large', [row]));
    assert.deepEqual(await ledger.transaction((tx) => ledger.pending(tx, 'large', 10)), []);
  });

  test('takes a batch as large as the migration sends', async () => {
    const rows = Array.from({ length: 5_000 }, (_, index) => ({
      key: `k${index}`,
      version: index + 1,
      deleted: false,
    }));
    const claimed = await ledger.transaction((tx) => ledger.claim(tx, 'many', rows));
    assert.equal(claimed.size, 5_000);
    assert.equal(await ledger.transaction((tx) => ledger.newest(tx, 'many')), 5_000);
  });

  test('tells of what it did in its commit, and wakes the relay', async () => {
    let told = 0;
    const stop = store.outboxFeed.onAdded(() => {
      told += 1;
    });
    const trace = { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` };
    const event = eventAt(7, { trace, deadlineMs: 5, state: { data: { name: 'é 😀', large: 2 ** 53 - 1 } } });
    let attempts = 0;
    await ledger.transaction(async (tx) => {
      attempts += 1;
      await tx.read('GET', key('told'));
      if (attempts === 1) await server.client.set(key('told'), 'meanwhile');
      await tx.outbox.add(event);
    });
    stop();
    assert.equal(told, 1);
    const claim = await store.outboxFeed.claim();
    assert.deepEqual(
      (await claim?.next(10, []))?.map((row) => row.event),
      [event],
    );
    await claim?.release();
    await assert.rejects(
      ledger.transaction((tx) => tx.outbox.add({ ...event, id: 'x' })),
      /cannot be added to the outbox/,
    );
  });
});
