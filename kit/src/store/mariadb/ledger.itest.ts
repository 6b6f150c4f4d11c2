import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeMoves } from '../../import/testing/moves-suite.ts';
import { thingsIn } from '../../import/testing/things-in-sql.ts';
import { createTestMariadb } from '../../testing/mariadb.ts';
import { mariadbLedger } from './ledger.ts';
import { openMariadb } from './mariadb.ts';

describeMoves('MariaDB', async () => {
  const database = await createTestMariadb();
  const db = openMariadb({ url: database.url, connectTimeoutMs: 10_000, queryTimeoutMs: 10_000 });
  const folder = await mkdtemp(join(tmpdir(), 'moves-'));
  await writeFile(
    join(folder, '001_things.sql'),
    'create table if not exists things (id varchar(10) primary key, name varchar(100) unique)',
  );
  await db.applySchema({ folder: pathToFileURL(`${folder}/`) });
  return {
    ledger: mariadbLedger(db),
    ...thingsIn({
      elements: `select id from json_table(?, '$[*]' columns (id varchar(10) path '$')) as ids`,
      placeholder: (text) => text,
      nullable: '?',
      upsert: 'insert into things (id, name) values (?, ?) on duplicate key update name = values(name)',
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
