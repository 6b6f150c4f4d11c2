import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { neverOwned } from '../../import/ownership.ts';
import { describeMoves } from '../../import/testing/moves-suite.ts';
import { thingsIn } from '../../import/testing/things-in-sql.ts';
import { statement } from '../statement.ts';
import { openDuckdb } from './duckdb.ts';
import { duckdbLedger } from './ledger.ts';

describeMoves('DuckDB', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'moves-'));
  const db = openDuckdb({ path: join(folder, 'store.db'), waitMs: 10_000 });
  await writeFile(join(folder, '001_things.sql'), 'create table things (id text primary key, name text)');
  await db.applySchema({ folder: pathToFileURL(`${folder}/`) });
  const ledger = duckdbLedger(db);
  return {
    ledger,
    ...thingsIn({
      elements: `select unnest(from_json(?::json, '["VARCHAR"]')) as id`,
      placeholder: (text) => text,
      nullable: '?::varchar',
      upsert: 'insert into things (id, name) values (?, ?) on conflict (id) do update set name = excluded.name',
    }),
    clear: async () => {
      // By the ledger: it keeps what it read of the owners.
      await ledger.transaction((tx) => ledger.setOwnership(tx, 'things', neverOwned));
      for (const table of ['things', 'aggregate_versions']) {
        await db.run(statement<object>(`clear_${table}`, `delete from ${table}`), []);
      }
    },
    drop: async () => {
      await db.close();
      await rm(folder, { recursive: true });
    },
  };
});

test('versions that DuckDB kept by two columns are kept by one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'versions-'));
  const db = openDuckdb({ path: join(folder, 'store.db') });
  const file = async (name: string) =>
    statement<object>('', await readFile(new URL(`./schema/${name}`, import.meta.url), 'utf8'));
  await db.run(await file('010_ownership.sql'), []);
  const old =
    "insert into aggregate_versions values ('things', 'a/b', 7, false, true), ('others', 'a/b', 8, true, true)";
  await db.run(statement('', old), []);
  await db.run(await file('011_versions_by_key.sql'), []);
  const ledger = duckdbLedger(db);
  const rows = await db.transaction(async (tx) => {
    await ledger.claim(tx, 'others', [{ key: 'a/b', version: 9, deleted: false }]);
    await ledger.record(tx, 'things', [{ key: 'c', version: 9, deleted: false }], true);
    return [await ledger.pending(tx, 'things', 10), await ledger.pending(tx, 'others', 10)];
  });
  assert.deepEqual(rows, [
    [
      { key: 'a/b', version: 7, deleted: false },
      { key: 'c', version: 9, deleted: false },
    ],
    [],
  ]);
  await db.close();
  await rm(folder, { recursive: true });
});
