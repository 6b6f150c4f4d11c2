import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { describeStore, type Subject, unavailable } from '../testing/conformance.ts';
import { changeBy } from '../testing/transactional.ts';
import { type Duckdb, openDuckdb, statement } from './duckdb.ts';

const put = statement<object, [string]>('put', 'insert into things (name) values (?)');
const names = statement<{ name: string }>('names', 'select name from things order by name');

describeStore('DuckDB', async () => {
  const root = await mkdtemp(join(tmpdir(), 'duckdb-'));
  const path = join(root, 'data', 'store.db');
  await rename(await mkdtemp(join(root, 'new-')), join(root, 'data'));
  let store = openDuckdb({ path });
  const subject: Subject = {
    get store() {
      return store;
    },
    files: {
      ending: 'sql',
      first: 'create table things (name text not null);\n',
      second: 'alter table things add column n integer',
      broken: 'create table half (n integer); create table things (n integer)',
    },
    change: (change) => changeBy(store, (tx, key) => tx.run(put, [key]))(change),
    keys: async () => (await store.query(names, [])).map(({ name }) => name),
    // A file that is open stays usable whatever becomes of its folder, so a new instance finds the folder missing.
    takeDown: async () => {
      await store.close();
      await rename(join(root, 'data'), join(root, 'away'));
      store = openDuckdb({ path });
    },
    bringBack: () => rename(join(root, 'away'), join(root, 'data')),
    drop: () => rm(root, { recursive: true }),
  };
  return subject;
});

describe('DuckDB', () => {
  let root: string;
  let path: string;
  let store: Duckdb;
  const rows = statement<{ n: number }>('rows', 'select count(*) as n from numbers');
  const module = JSON.stringify(import.meta.resolve('./duckdb.ts'));

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'duckdb-'));
    path = join(root, 'store.db');
    store = openDuckdb({ path, waitMs: 300 });
    await store.run(statement('make', 'create table numbers (n bigint, word text)'), []);
  });
  after(async () => {
    await store.close();
    await rm(root, { recursive: true });
  });

  test('values are plain, and lose nothing', async () => {
    const values = statement<Record<string, unknown>>(
      'values',
      `select 9007199254740991 as safe, cast('1.50' as decimal(5,2)) as price, count(*) as n,
              timestamp '2026-01-02 03:04:05.123456' as at, date '2026-01-02' as day, [1, 2] as list, {'a': 1} as struct,
              'x'::blob as bytes, null as nothing from numbers`,
    );
    assert.deepEqual(await store.query(values, []), [
      {
        safe: 9007199254740991,
        price: '1.50',
        n: 0,
        at: '2026-01-02 03:04:05.123456',
        day: '2026-01-02',
        list: [1, 2],
        struct: { a: 1 },
        bytes: Buffer.from('x'),
        nothing: null,
      },
    ]);
    await assert.rejects(store.query(statement('unsafe', 'select 9007199254740993 as n'), []), RangeError);
    const dated = statement<object, [unknown]>('dated', 'insert into numbers values (?, null)');
    await assert.rejects(store.run(dated, [new Date(0)]), TypeError);
  });

  test('rows that are appended belong to the transaction', async () => {
    const many = Array.from({ length: 10_000 }, (_, n) => [n, n % 2 === 0 ? null : `word ${n}`]);
    await assert.rejects(
      store.transaction(async (tx) => {
        await tx.append('numbers', many);
        throw new Error('changed my mind');
      }),
      /changed my mind/,
    );
    assert.deepEqual(await store.query(rows, []), [{ n: 0 }]);
    await store.transaction((tx) => tx.append('numbers', many));
    assert.deepEqual(await store.query(rows, []), [{ n: 10_000 }]);
    await assert.rejects(store.transaction((tx) => tx.append('numbers', [['no number', 'x']])));
    assert.deepEqual(await store.query(rows, []), [{ n: 10_000 }]);
  });

  test('reads go on beside a transaction, and see what is committed', async () => {
    const before = await store.query(rows, []);
    await store.transaction(async (tx) => {
      await tx.run(statement('one', "insert into numbers values (-1, 'x')"), []);
      assert.deepEqual(await store.query(rows, []), before);
      await assert.rejects(store.run(statement('other', "insert into numbers values (-2, 'x')"), []), unavailable);
    });
    assert.deepEqual(await store.query(rows, []), [{ n: (before[0]?.n ?? 0) + 1 }]);
  });

  test('a statement that takes too long is interrupted', async () => {
    const slowPath = join(root, 'slow.db');
    const slow = openDuckdb({ path: slowPath, queryTimeoutMs: 50 });
    const endless = statement(
      'endless',
      'select count(*) from range(10000000000) a, range(1000) b where a.range % 7 = b.range',
    );
    await assert.rejects(slow.query(endless, []), unavailable);
    await slow.ping();
    await slow.close();
  });

  test('a statement that was run before sees what was written since', async () => {
    const missing = statement<{ n: number }>(
      'missing',
      'select count(*) as n from numbers where word is null and n = -3',
    );
    const found = statement<{ n: number }, [number]>(
      'found',
      'select count(*) as n from numbers where word is null and n = ?',
    );
    const joined = statement<{ n: number }, [string]>(
      'joined',
      `select count(*) as n from numbers join (select unnest(from_json(?::json, '["BIGINT"]')) as given) on given = n`,
    );
    const counts = async () =>
      [await store.query(missing, []), await store.query(found, [-3]), await store.query(joined, ['[-3]'])].map(
        ([row]) => row?.n,
      );
    assert.deepEqual(await counts(), [0, 0, 0]);
    await store.run(statement('add', 'insert into numbers values (-3, null)'), []);
    assert.deepEqual(await counts(), [1, 1, 1]);
    await store.run(statement('drop', 'delete from numbers where n = -3'), []);
    assert.deepEqual(await counts(), [0, 0, 0]);
  });

  test('one statement that runs twice at once has its own values each time', async () => {
    const echo = statement<{ n: number }, [number]>('echo', 'select ?::bigint as n');
    const given = Array.from({ length: 20 }, (_, n) => n);
    const replies = await store.transaction((tx) => Promise.all(given.map((n) => tx.query(echo, [n]))));
    assert.deepEqual(
      replies.map(([row]) => row?.n),
      given,
    );
  });

  test('a file that another process has is fatal, and not tried again', async () => {
    const other = `import { openDuckdb } from ${module};
      let told = 0;
      const store = openDuckdb({ path: process.argv[1], onFatal: () => { told += 1; } });
      for (let time = 0; time < 2; time++) {
        await store.ping().catch((error) => console.log(error.code, /lock/i.test(error.cause.message)));
      }
      console.log(told);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', other, path]);
    assert.equal(stdout, 'store_unavailable true\nstore_unavailable true\n1\n');
  });

  test('what was committed survives a kill', async () => {
    const killed = join(root, 'killed.db');
    const other = `import { openDuckdb, statement } from ${module};
      const store = openDuckdb({ path: process.argv[1] });
      await store.run(statement('', 'create table numbers (n bigint)'), []);
      await store.checkpoint();
      await store.transaction((tx) => tx.append('numbers', [[1], [2]]));
      await store.transaction(async (tx) => {
        await tx.append('numbers', [[3]]);
        process.kill(process.pid, 'SIGKILL');
        await new Promise(() => {});
      });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', other, killed], { stdio: 'inherit' });
    const [, signal] = await once(child, 'exit');
    assert.equal(signal, 'SIGKILL');
    const again = openDuckdb({ path: killed });
    assert.deepEqual(await again.query(statement('all', 'select n from numbers order by n'), []), [{ n: 1 }, { n: 2 }]);
    await again.close();
  });

  test('a wrong statement is not reported as an unavailable store', async () => {
    await assert.rejects(
      store.query(statement('wrong', 'select nothing from numbers'), []),
      (error: unknown) => !unavailable(error),
    );
  });
});
