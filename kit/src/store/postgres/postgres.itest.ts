import assert from 'node:assert/strict';
import { createTestDatabase } from '../../testing/database.ts';
import { until } from '../../testing/until.ts';
import { describeStore } from '../testing/conformance.ts';
import { changeBy } from '../testing/transactional.ts';
import { openPostgres, statement } from './pool.ts';

const put = statement<object, [string]>('put', 'insert into things (name) values ($1)');
const names = statement<{ name: string }>('names', 'select name from things order by name');

describeStore('PostgreSQL', async () => {
  const database = await createTestDatabase();
  const open = () => openPostgres({ url: database.url, applicationName: 'kit test' });
  const store = open();
  return {
    store,
    files: {
      ending: 'sql',
      first: 'create table things (id int generated always as identity primary key, name text);\n',
      second: 'alter table things add column n int; create index things_n on things (n)',
      broken: 'create table half (); create table things ()',
    },
    change: changeBy(store, (tx, key) => tx.run(put, [key])),
    keys: async () => (await store.query(names, [])).map(({ name }) => name),
    dieInside: () =>
      store.transaction(async (tx) => {
        await tx.run(put, ['dead']);
        const [row] = await tx.query(statement<{ pid: number }>('pid', 'select pg_backend_pid() as pid'), []);
        const ended = await database.query('select pg_terminate_backend($1)', [row?.pid]);
        assert.equal(ended.length, 1);
        await until('the end of the connection', async () => {
          const text = 'select from pg_stat_activity where pid = $1';
          return (await database.query(text, [row?.pid])).length === 0;
        });
        await tx.run(put, ['dead']);
      }),
    takeDown: database.takeDown,
    bringBack: database.bringBack,
    another: open,
    drop: database.drop,
  };
});
