import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeMoves } from '../../import/testing/moves-suite.ts';
import { type Thing, Thing as ThingSchema } from '../../import/testing/subject.ts';
import { createTestMariadb } from '../../testing/mariadb.ts';
import { type Queryable, statement } from '../statement.ts';
import { mariadbLedger } from './ledger.ts';
import { openMariadb } from './mariadb.ts';

const read = statement<{ id: string; name: string }, [string]>(
  'things_read',
  `select things.id, ifnull(name, '') as name from things join json_table(?, '$[*]' columns (id varchar(10) path '$')) as wanted using (id)`,
);
const keys = statement<{ id: string }, [string | null, string | null, string | null, string | null, number]>(
  'things_keys',
  'select id from things where (? is null or id > ?) and (? is null or id <= ?) order by id limit ?',
);
const displaced = statement<{ count: number }>(
  'things_displaced',
  'select count(*) as count from things where name is null',
);
const setAside = statement<object, [string, string]>(
  'things_set_aside',
  'update things set name = null where name = ? and id <> ?',
);
const upsert = statement<object, [string, string]>(
  'things_put',
  'insert into things (id, name) values (?, ?) on duplicate key update name = values(name)',
);
const remove = statement<object, [string]>('things_remove', 'delete from things where id = ?');

describeMoves('MariaDB', async () => {
  const database = await createTestMariadb();
  const db = openMariadb({ url: database.url, connectTimeoutMs: 10_000, queryTimeoutMs: 10_000 });
  const folder = await mkdtemp(join(tmpdir(), 'moves-'));
  await writeFile(
    join(folder, '001_things.sql'),
    'create table if not exists things (id varchar(10) primary key, name varchar(100) unique)',
  );
  await db.applySchema({ folder: pathToFileURL(`${folder}/`) });
  const put = async (tx: Queryable, key: string, name: string) => {
    await tx.run(upsert, [key, name]);
  };
  return {
    ledger: mariadbLedger(db),
    put,
    resource: {
      name: 'things',
      group: 'things',
      schema: ThingSchema,
      apply: async (tx, changes) => {
        for (const { key, state } of changes) {
          if (state === null) await tx.run(remove, [key]);
          else await tx.run(setAside, [state.name, key]);
        }
        for (const { key, state } of changes) if (state !== null) await put(tx, key, state.name);
      },
      read: async (tx, ids) =>
        new Map((await tx.query(read, [JSON.stringify(ids)])).map(({ id, name }): [string, Thing] => [id, { name }])),
      keys: async (tx, { after, to, limit }) =>
        (await tx.query(keys, [after, after, to, to, limit])).map(({ id }) => id),
      displaced: async (tx) => (await tx.query(displaced, []))[0]?.count ?? 0,
    },
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
