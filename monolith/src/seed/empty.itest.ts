import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { inTransaction } from '../db.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { emptyTables } from './empty.ts';

const tables = ['makers', 'things', 'parts', 'others'];

describe('emptying tables', () => {
  let open: TestShop;
  before(async () => {
    open = await openTestShop();
    await open.shop.db.query(`
      create table makers (id serial primary key);
      create table things (id int generated always as identity primary key, maker int references makers,
                           above int references things);
      create table parts (thing int references things on delete cascade, maker int references makers);
      create table others (id serial primary key);
      create table seen (name text);
      create function see() returns trigger language plpgsql as $$
        begin insert into seen values (tg_table_name || ' ' || tg_op); return null; end $$;
      create function refuse() returns trigger language plpgsql as $$
        begin raise exception 'no TRUNCATE here'; end $$`);
  });
  after(() => open.close());

  const fill = () =>
    open.shop.db.query(`
      insert into makers default values;
      insert into things (maker) select id from makers;
      insert into things (maker, above) select maker, id from things;
      insert into parts select id, maker from things;
      insert into others default values`);
  const empty = () => inTransaction(open.shop.db, (client) => emptyTables(client, tables));
  const left = async () => {
    const counts = tables.map((table) => `select count(*)::int as n from ${table}`).join(' union all ');
    return (await open.shop.db.query<{ n: number }>(counts)).rows.map(({ n }) => n);
  };

  test('truncates them where no trigger minds', async () => {
    await fill();
    assert.deepEqual(await empty(), []);
    assert.deepEqual(await left(), [0, 0, 0, 0]);
  });

  test('deletes rows where TRUNCATE is refused, and of what is referenced from there; counters start anew', async () => {
    await open.shop.db.query(`
      create trigger refuse before truncate on things for each statement execute function refuse();
      create trigger see after delete on things for each row execute function see()`);
    await fill();
    assert.deepEqual((await empty()).sort(), ['makers', 'things']);
    assert.deepEqual(await left(), [0, 0, 0, 0]);
    assert.equal((await open.shop.db.query('select from seen')).rowCount, 2, 'the trigger has seen each row');
    await fill();
    const { rows } = await open.shop.db.query(
      'select (select min(id) from things) as thing, (select id from makers) as maker',
    );
    assert.deepEqual(rows, [{ thing: 1, maker: 1 }]);
  });
});
