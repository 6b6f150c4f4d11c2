import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { describeStore, type Subject, unavailable } from '../testing/conformance.ts';
import { changeBy } from '../testing/transactional.ts';
import { openSqlite, type Sqlite, statement } from './sqlite.ts';

const put = statement<object, [string]>('put', 'insert into things (name) values (?)');
const names = statement<{ name: string }>('names', 'select name from things order by name');
const make = statement<object>('make', 'create table if not exists numbers (n integer, word text) strict');

describeStore('SQLite', async () => {
  const root = await mkdtemp(join(tmpdir(), 'sqlite-'));
  const path = join(root, 'data', 'store.db');
  await rename(await mkdtemp(join(root, 'new-')), join(root, 'data'));
  let store = openSqlite({ path });
  const subject: Subject = {
    get store() {
      return store;
    },
    files: {
      ending: 'sql',
      first: 'create table things (id integer primary key, name text not null) strict;\n',
      second: 'alter table things add column n integer; create index things_n on things (n)',
      broken: 'create table half (n integer); create table things (n integer)',
    },
    change: (change) => changeBy(store, (tx, key) => tx.run(put, [key]))(change),
    keys: async () => (await store.query(names, [])).map(({ name }) => name),
    // A file that is open stays usable whatever becomes of its folder, so a new instance finds the folder missing.
    takeDown: async () => {
      await store.close();
      await rename(join(root, 'data'), join(root, 'away'));
      store = openSqlite({ path });
    },
    bringBack: () => rename(join(root, 'away'), join(root, 'data')),
    drop: () => rm(root, { recursive: true }),
  };
  return subject;
});

describe('SQLite', () => {
  let root: string;
  let path: string;
  let store: Sqlite;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'sqlite-'));
    path = join(root, 'store.db');
    store = openSqlite({ path, waitMs: 200 });
    await store.run(make, []);
  });
  after(async () => {
    await store.close();
    await rm(root, { recursive: true });
  });

  test('commits survive a loss of power, and the journal is a log', async () => {
    assert.deepEqual(await store.query(statement('journal', 'pragma journal_mode'), []), [{ journal_mode: 'wal' }]);
    assert.deepEqual(await store.query(statement('sync', 'pragma synchronous'), []), [{ synchronous: 2 }]);
  });

  test('another process is refused soon, also before the first write, and let in later', async () => {
    const other = `import { openSqlite, statement } from ${JSON.stringify(import.meta.resolve('./sqlite.ts'))};
      const store = openSqlite({ path: process.argv[1], busyMs: 10 });
      await store.run(statement('add', "insert into numbers values (77, 'other')"), []);
      await store.close();`;
    const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', other, path]);
    await store.ping();
    await assert.rejects(run(), /store_unavailable/);
    await store.close();
    await run();
    store = openSqlite({ path, waitMs: 200 });
    assert.equal((await store.query(statement('77', 'select n from numbers where n = 77'), [])).length, 1);
  });

  test('a statement of another caller waits until the transaction has ended', async () => {
    const steps: string[] = [];
    const inside = Promise.withResolvers<void>();
    const add = statement<object, [number]>('add', "insert into numbers values (?, 'x')");
    const failing = store.transaction(async (tx) => {
      await tx.run(add, [1]);
      inside.resolve();
      await new Promise((resolve) => setImmediate(resolve));
      steps.push('transaction');
      throw new Error('changed my mind');
    });
    await inside.promise;
    const other = store.run(add, [2]).then(() => steps.push('other'));
    await assert.rejects(failing, /changed my mind/);
    await other;
    assert.deepEqual(steps, ['transaction', 'other']);
    const kept = statement<{ n: number }>('kept', "select n from numbers where word = 'x'");
    assert.deepEqual(await store.query(kept, []), [{ n: 2 }]);
  });

  test('a transaction that waits for itself ends', async () => {
    await assert.rejects(
      store.transaction(() => store.ping()),
      unavailable,
    );
    await store.ping();
  });

  test('a Date is refused and not stored as NULL', async () => {
    const dated = statement<object, [unknown, string]>('dated', 'insert into numbers values (?, ?)');
    await assert.rejects(store.run(dated, [new Date(0), 'date']), TypeError);
    await assert.rejects(store.run(dated, [undefined, 'nothing']), TypeError);
  });

  test('a full disk is an unavailable store, and the transaction is gone', async () => {
    const [page] = await store.query(statement<{ page_count: number }>('pages', 'pragma page_count'), []);
    await store.query(statement('limit', `pragma max_page_count = ${(page?.page_count ?? 0) + 2}`), []);
    const fill = statement<object>('fill', 'insert into numbers values (9, hex(zeroblob(100000)))');
    await assert.rejects(
      store.transaction((tx) => tx.run(fill, [])),
      unavailable,
    );
    await store.query(statement('unlimited', 'pragma max_page_count = 1000000'), []);
    await store.transaction((tx) => tx.run(fill, []));
  });

  test('a wrong statement is not reported as an unavailable store', async () => {
    const wrong = statement<object>('wrong', 'select nothing from numbers');
    await assert.rejects(store.query(wrong, []), (error: unknown) => !unavailable(error));
  });
});
