import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { TestDatabase } from '../../testing/database.ts';
import { createTestMariadb } from '../../testing/mariadb.ts';
import { until } from '../../testing/until.ts';
import { describeStore, unavailable } from '../testing/conformance.ts';
import { changeBy } from '../testing/transactional.ts';
import { type Mariadb, openMariadb, statement } from './mariadb.ts';

const put = statement<object, [string]>('put', 'insert into things (name) values (?)');
const insert = statement<object, [string]>('word', 'insert into words values (?, 1)');
const names = statement<{ name: string }>('names', 'select name from things order by name');

describeStore('MariaDB', async () => {
  const database = await createTestMariadb();
  const store = openMariadb({ url: database.url });
  return {
    store,
    files: {
      ending: 'sql',
      first: 'create table if not exists things (id int not null auto_increment primary key, name varchar(100));\n',
      second: 'alter table things add column if not exists n int',
      broken: 'alter table if exists things add column wrong nothing',
    },
    change: changeBy(store, (tx, key) => tx.run(put, [key])),
    keys: async () => (await store.query(names, [])).map(({ name }) => name),
    dieInside: () =>
      store.transaction(async (tx) => {
        await tx.run(put, ['dead']);
        const [row] = await tx.query(statement<{ id: number }>('id', 'select connection_id() as id'), []);
        await database.query(`kill ${row?.id}`);
        await until('the end of the connection', async () => {
          const text = 'select id from information_schema.processlist where id = ?';
          return (await database.query(text, [row?.id])).length === 0;
        });
        await tx.run(put, ['dead']);
      }),
    takeDown: database.takeDown,
    bringBack: database.bringBack,
    another: () => openMariadb({ url: database.url }),
    drop: database.drop,
  };
});

describe('MariaDB', () => {
  let database: TestDatabase;
  let store: Mariadb;
  let path: string;
  const apply = async (file: string, text: string) => {
    await writeFile(join(path, file), text);
    return store.applySchema({ folder: pathToFileURL(`${path}/`) }).finally(() => rm(join(path, file)));
  };

  before(async () => {
    database = await createTestMariadb();
    store = openMariadb({ url: database.url, queryTimeoutMs: 500, maxConnections: 4 });
    path = await mkdtemp(join(tmpdir(), 'schema-'));
    await apply('001_words.sql', 'create table if not exists words (word varchar(20) primary key, n int not null)');
  });
  after(async () => {
    await store.close();
    await database.drop();
    await rm(path, { recursive: true });
  });

  test('text differs by accents, case and trailing blanks, and keeps emoji', async () => {
    for (const word of ['e', 'é', 'E', 'e ', '\u{1F600}', '\u{1F601}']) await store.run(insert, [word]);
    const select = statement<{ word: string }, [string]>('find', 'select word from words where word = ?');
    assert.deepEqual(await store.query(select, ['e ']), [{ word: 'e ' }]);
    assert.deepEqual(await store.query(select, ['\u{1F600}']), [{ word: '\u{1F600}' }]);
  });

  test('a transaction that its process leaves open ends in the server, and its locks with it', async () => {
    const hanging = openMariadb({ url: database.url });
    const held = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const left = hanging.transaction(async (tx) => {
      await tx.run(insert, ['hanging']);
      held.resolve();
      await gate.promise;
    });
    await held.promise;
    const put = () =>
      store.run(insert, ['hanging']).then(
        () => true,
        () => false,
      );
    assert.equal(await put(), false, 'it waits for the lock');
    await until('the lock to be free', put);
    gate.resolve();
    await assert.rejects(left);
    await hanging.close();
  });

  test('the session is strict, in UTC, and reads what is committed', async () => {
    const settings = statement<{ zone: string; isolation: string }>(
      'settings',
      'select @@time_zone as zone, @@tx_isolation as isolation',
    );
    assert.deepEqual(await store.query(settings, []), [{ zone: '+00:00', isolation: 'READ-COMMITTED' }]);
    const tooLong = statement<object, [string]>('long', 'insert into words values (?, 1)');
    await assert.rejects(store.run(tooLong, ['x'.repeat(21)]), /Data too long/);
  });

  test('numbers and times lose nothing', async () => {
    const values = statement<Record<string, unknown>>(
      'values',
      `select cast(9007199254740991 as int) as safe, count(*) as n, cast('1.50' as decimal(5,2)) as price,
              cast('2026-01-02 03:04:05.123456' as datetime(6)) as at from dual`,
    );
    assert.deepEqual(await store.query(values, []), [
      { safe: 9007199254740991, n: 1, price: '1.50', at: '2026-01-02 03:04:05.123456' },
    ]);
    const unsafe = statement<object>('unsafe', 'select cast(9007199254740993 as int) as n');
    await assert.rejects(store.query(unsafe, []), /range|safe/i);
  });

  test('a transaction that the server gives up because of a deadlock runs again as a whole', async () => {
    const set = statement<object, [number, string]>('set', 'update words set n = n + ? where word = ?');
    const word = statement<object, [string]>('word', 'insert into words values (?, 0)');
    for (const name of ['x', 'y']) await store.run(word, [name]);
    let attempts = 0;
    const bothHold = Promise.withResolvers<void>();
    let holding = 0;
    const crossed = (first: string, second: string) =>
      store.transaction(async (tx) => {
        attempts += 1;
        await tx.run(set, [1, first]);
        holding += 1;
        if (holding === 2) bothHold.resolve();
        await bothHold.promise;
        await tx.run(set, [1, second]);
      });
    await Promise.all([crossed('x', 'y'), crossed('y', 'x')]);
    assert.equal(attempts, 3);
    const sums = statement<{ n: number }>('sums', "select n from words where word in ('x', 'y')");
    assert.deepEqual(await store.query(sums, []), [{ n: 2 }, { n: 2 }]);
  });

  test('a transaction that waits too long for a lock runs again, and in the end the store is unavailable', async () => {
    const take = statement<object, [string]>('take', 'update words set n = n + 1 where word = ?');
    await store.run(statement<object>('lock row', "insert into words values ('locked', 0)"), []);
    let attempts = 0;
    await store.transaction(async (holder) => {
      await holder.run(take, ['locked']);
      const waiting = store.transaction(async (tx) => {
        attempts += 1;
        await tx.run(take, ['locked']);
      });
      await assert.rejects(waiting, unavailable);
    });
    assert.equal(attempts, 2);
  });

  test('the server ends a statement that takes too long, and the connection stays usable', async () => {
    await assert.rejects(store.query(statement<object>('slow', 'select sleep(60)'), []), unavailable);
    await store.ping();
  });

  test('a wrong statement is not reported as an unavailable store', async () => {
    const wrong = statement<object>('wrong', 'select nothing from words');
    await assert.rejects(store.query(wrong, []), (error: unknown) => !unavailable(error));
  });

  test('a caller waits for a free connection, and not forever', async () => {
    const small = openMariadb({ url: database.url, maxConnections: 1, connectTimeoutMs: 50 });
    await small.transaction(async () => {
      await assert.rejects(small.ping(), unavailable);
    });
    await Promise.all([small.ping(), small.ping(), small.ping()]);
    await small.close();
  });

  test('an idle connection that dies is reported and replaced', async () => {
    const errors: Error[] = [];
    const other = openMariadb({ url: database.url, onIdleError: (error) => errors.push(error) });
    const [row] = await other.query(statement<{ id: number }>('id', 'select connection_id() as id'), []);
    await database.query(`kill ${row?.id}`);
    await until('the error', () => errors.length === 1);
    await other.ping();
    await other.close();
  });

  test('a silent store does not hang its callers', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const hung = openMariadb({ url: `mariadb://u:p@127.0.0.1:${port}/d`, connectTimeoutMs: 50 });
    await assert.rejects(hung.ping(), unavailable);
    await hung.close();
    silent.close();
  });

  test('a schema file is one statement that may run twice', async () => {
    await assert.rejects(apply('002_two.sql', 'select 1; select 2'), /one statement/);
    await assert.rejects(apply('002_once.sql', '-- if not exists\ncreate table once (n int)'), /must be repeatable/);
  });
});
