import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
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
  return {
    ledger: duckdbLedger(db),
    ...thingsIn({
      elements: `select unnest(from_json(?::json, '["VARCHAR"]')) as id`,
      placeholder: (text) => text,
      nullable: '?::varchar',
      upsert: 'insert into things (id, name) values (?, ?) on conflict (id) do update set name = excluded.name',
    }),
    clear: async () => {
      for (const table of ['things', 'ownership', 'aggregate_versions']) {
        await db.run(statement<object>(`clear_${table}`, `delete from ${table}`), []);
      }
    },
    drop: async () => {
      await db.close();
      await rm(folder, { recursive: true });
    },
  };
});
