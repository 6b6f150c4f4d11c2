import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { type Duckdb, keyedTable, openDuckdb, statement } from './duckdb.ts';

interface Row {
  id: string;
  n: number;
  word: string | null;
  active: boolean;
}
const columns = { id: 'VARCHAR', n: 'BIGINT', word: 'VARCHAR', active: 'BOOLEAN' } as const;
const plain = keyedTable<Row>({ name: 'things', columns });
const newer = keyedTable<Row>({ name: 'things', columns, onlyIf: (given) => `known.n <= ${given('n')}` });
const rising = keyedTable<Row>({ name: 'things', columns, set: { n: (given) => `greatest(known.n, ${given('n')})` } });

const all = statement<Row>('things_all', 'select id, n, word, active from things order by id');
const make = 'create table things (id text primary key, n bigint not null, word text, active boolean not null)';
const row = (id: string, n: number, word: string | null = null): Row => ({ id, n, word, active: n % 2 === 0 });
/** So many rows take the statements for many. */
const others = Array.from({ length: 20 }, (_, n) => row(`z${n}`, 1));

describe('a table that is written by key', () => {
  let folder: string;
  let db: Duckdb;
  const folders: string[] = [];
  const open: Duckdb[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keyed-'));
    folders.push(folder);
    db = openDuckdb({ path: join(folder, 'store.db') });
    open.push(db);
    await db.run(statement('', make), []);
  });
  after(async () => {
    for (const one of open) await one.close();
    for (const one of folders) await rm(one, { recursive: true });
  });

  const put = (table: typeof plain, rows: Row[]) => db.transaction((tx) => table.put(tx, rows));
  const there = async () => (await db.query(all, [])).filter(({ id }) => !id.startsWith('z'));

  for (const [size, more] of [
    ['a few', []],
    ['many', others],
  ] as const) {
    test(`${size} rows are inserted where there are none, and updated where there are`, async () => {
      await put(plain, [row('a', 1, 'one'), row('b', 2)]);
      const written = await put(plain, [row('b', 3, 'three'), row('c', 4), row('a', 5), ...more]);
      assert.deepEqual([...written].sort(), ['a', 'b', 'c', ...more.map(({ id }) => id)].sort());
      assert.deepEqual(await there(), [row('a', 5), row('b', 3, 'three'), row('c', 4)]);
      await put(plain, [row('b', 6), ...more]);
      assert.deepEqual(await there(), [row('a', 5), row('b', 6), row('c', 4)]);
    });

    test(`${size} rows leave those alone that do not meet the condition`, async () => {
      await put(newer, [row('a', 5), row('b', 5), ...more]);
      const written = await put(newer, [row('a', 4, 'older'), row('b', 5, 'same'), row('c', 1), ...more]);
      assert.deepEqual([...written].sort(), ['b', 'c', ...more.map(({ id }) => id)].sort());
      assert.deepEqual(await there(), [row('a', 5), row('b', 5, 'same'), row('c', 1)]);
    });

    test(`${size} rows get what a column becomes from both`, async () => {
      await put(rising, [row('a', 5), row('b', 5)]);
      await put(rising, [{ ...row('a', 4, 'older'), active: true }, row('b', 6), ...more]);
      assert.deepEqual(await there(), [{ ...row('a', 5, 'older'), active: true }, row('b', 6)]);
    });

    test(`${size} rows may repeat a key, in one call and in one transaction`, async () => {
      await put(plain, [row('a', 1), row('a', 2), ...more, row('a', 3)]);
      assert.deepEqual(await there(), [row('a', 3)]);
      await db.transaction(async (tx) => {
        for (const n of [4, 5, 6]) await plain.put(tx, [row('a', n), row('b', n), ...more]);
      });
      assert.deepEqual(await there(), [row('a', 6), row('b', 6)]);
    });
  }

  test('no row writes nothing', async () => {
    assert.deepEqual(await put(plain, []), new Set());
  });

  test('text is kept as it is, whatever it looks like', async () => {
    const words = ["'; drop table things; --", '\u0000', 'a\u0000b', '"]', '\\', '😀 é\n', ''];
    const hostile = words.map((word, n) => row(`k${n}${word}`, n, word));
    for (const rows of [hostile.slice(0, 3), hostile, hostile.slice(3, 6), [...hostile, ...others]])
      await put(plain, rows);
    assert.deepEqual(
      (await there()).sort((a, b) => a.n - b.n),
      hostile,
    );
  });

  test('a transaction that fails writes none of it', async () => {
    await put(plain, [row('a', 1)]);
    await assert.rejects(
      db.transaction(async (tx) => {
        await plain.put(tx, [row('a', 2), row('b', 2), ...others]);
        throw new Error('changed my mind');
      }),
      /changed my mind/,
    );
    assert.deepEqual(await db.query(all, []), [row('a', 1)]);
    await put(plain, [row('b', 3)]);
    assert.deepEqual(await there(), [row('a', 1), row('b', 3)]);
  });

  test('what was committed is there after a kill, and can be written again', async () => {
    const killed = join(folder, 'killed.db');
    const child = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { keyedTable, openDuckdb, statement } from ${JSON.stringify(import.meta.resolve('./duckdb.ts'))};
         const table = keyedTable({ name: 'things', columns: ${JSON.stringify(columns)} });
         const store = openDuckdb({ path: process.argv[1] });
         await store.run(statement('', ${JSON.stringify(make)}), []);
         const rows = (n) => Array.from({ length: 3000 }, (_, key) => ({ id: 'k' + key, n: n + key, word: 'w' + n, active: true }));
         await store.transaction((tx) => table.put(tx, rows(0)));
         await store.checkpoint();
         for (const n of [1, 2]) await store.transaction((tx) => table.put(tx, rows(n)));
         await store.run(statement('some', "delete from things where n % 3 = 0 and id <> ?"), ['k1']);
         for (const n of [3, 4]) await store.transaction((tx) => table.put(tx, rows(n).slice(0, 2000)));
         await store.transaction((tx) => table.put(tx, [{ id: 'k1', n: 7, word: 'last', active: false }]));
         await store.transaction(async (tx) => {
           await table.put(tx, rows(9));
           process.kill(process.pid, 'SIGKILL');
           await new Promise(() => {});
         });`,
        killed,
      ],
      { stdio: 'inherit' },
    );
    assert.equal((await once(child, 'exit'))[1], 'SIGKILL');
    const again = openDuckdb({ path: killed });
    open.push(again);
    const expected = Array.from({ length: 3_000 }, (_, key) => {
      if (key === 1) return { id: 'k1', n: 7, word: 'last', active: false };
      if (key < 2_000) return { id: `k${key}`, n: 4 + key, word: 'w4', active: true };
      return { id: `k${key}`, n: 2 + key, word: 'w2', active: true };
    }).filter(({ n }, key) => key < 2_000 || n % 3 !== 0);
    const sorted = (rows: Row[]) => rows.sort((a, b) => (a.id < b.id ? -1 : 1));
    assert.deepEqual(sorted(await again.query(all, [])), sorted(expected));
    // By its index and by its rows.
    await again.transaction((tx) => plain.put(tx, [row('k1', 10), row('k5', 10)]));
    await again.transaction((tx) => plain.put(tx, expected.slice(10)));
    assert.equal((await again.query(all, [])).length, expected.length);
  });
});
