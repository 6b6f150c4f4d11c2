import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeMoves } from '../../import/testing/moves-suite.ts';
import { thingsIn } from '../../import/testing/things-in-sql.ts';
import { createTestDatabase } from '../../testing/database.ts';
import { postgresLedger } from './ledger.ts';
import { openPostgres } from './pool.ts';

describeMoves('PostgreSQL', async () => {
  const database = await createTestDatabase();
  const db = openPostgres({
    url: database.url,
    applicationName: 'test',
    connectTimeoutMs: 10_000,
    queryTimeoutMs: 10_000,
  });
  const folder = await mkdtemp(join(tmpdir(), 'moves-'));
  await writeFile(
    join(folder, '001_things.sql'),
    'create table things (id text collate "C" primary key, name text unique)',
  );
  await db.applySchema({ folder: pathToFileURL(`${folder}/`) });
  return {
    ledger: postgresLedger(db),
    ...thingsIn({
      elements: 'select value as id from jsonb_array_elements_text(?::jsonb)',
      placeholder: (text) => {
        let number = 0;
        return text.replaceAll('?', () => `$${++number}`);
      },
      nullable: '?::text',
      upsert: 'insert into things (id, name) values (?, ?) on conflict (id) do update set name = excluded.name',
    }),
    clear: async () => {
      for (const table of ['things', 'ownership', 'aggregate_versions']) await database.query(`delete from ${table}`);
    },
    drop: async () => {
      await db.close();
      await database.drop();
      await rm(folder, { recursive: true });
    },
  };
});
