import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeMoves } from '../../import/testing/moves-suite.ts';
import { thingsIn } from '../../import/testing/things-in-sql.ts';
import { statement } from '../statement.ts';
import { sqliteLedger } from './ledger.ts';
import { openSqlite } from './sqlite.ts';

describeMoves('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'moves-'));
  const db = openSqlite({ path: join(folder, 'store.db'), waitMs: 10_000 });
  await writeFile(join(folder, '001_things.sql'), 'create table things (id text primary key, name text unique) strict');
  await db.applySchema({ folder: pathToFileURL(`${folder}/`) });
  return {
    ledger: sqliteLedger(db),
    ...thingsIn({
      elements: 'select value as id from json_each(?)',
      placeholder: (text) => text,
      nullable: '?',
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
