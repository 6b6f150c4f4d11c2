import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Debts } from '../debts.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { applySchema, readSchemaFiles, type SchemaFile } from './apply-schema.ts';
import { reconcileIndexes } from './debt-indexes.ts';

describe('schema', () => {
  let open: TestShop;
  let known: SchemaFile[];
  before(async () => {
    open = await openTestShop();
    known = await readSchemaFiles();
  });
  after(() => open.close());

  const counter: SchemaFile = {
    name: '900_counter.sql',
    sql: 'create table counter (n int); insert into counter values (1)',
  };
  const missing = (name: string) =>
    open.shop.db.query<{ gone: boolean }>('select to_regclass($1) is null as gone', [name]);

  test('a file is applied once, however many processes start', async () => {
    const applied = await Promise.all([1, 2, 3].map(() => applySchema(open.shop.db, [...known, counter])));
    assert.deepEqual(applied.flat(), [counter.name]);
    assert.equal((await open.shop.db.query('select * from counter')).rowCount, 1);
  });

  test('an applied file that has changed is refused, and nothing is applied', async () => {
    const [first, ...others] = known;
    assert.ok(first);
    const changed = [{ ...first, sql: `${first.sql}\n-- changed` }, ...others, counter];
    await assert.rejects(applySchema(open.shop.db, changed), /001_clients\.sql has changed/);
  });

  test('a database of a newer program is refused', async () => {
    await assert.rejects(applySchema(open.shop.db, known), /newer than this program: it has 900_counter\.sql/);
  });

  test('a file that fails leaves nothing behind', async () => {
    const broken: SchemaFile = { name: '901_broken.sql', sql: 'create table half (n int); select no_such_column' };
    await assert.rejects(applySchema(open.shop.db, [...known, counter, broken]));
    assert.equal((await missing('half')).rows[0]?.gone, true);
  });

  test('there are exactly the indexes of the debts that are paid', async () => {
    const indexes = async () => {
      const text = "select indexname from pg_indexes where tablename in ('access_tokens', 'token_audit') order by 1";
      return (await open.shop.db.query<{ indexname: string }>(text)).rows.map(({ indexname }) => indexname);
    };
    assert.deepEqual(await indexes(), []);
    await reconcileIndexes(open.shop.db, new Debts(['token-table-unindexed', 'rate-by-counting-audit']));
    assert.equal((await indexes()).length, 5);
    await reconcileIndexes(open.shop.db, new Debts(['token-table-unindexed']));
    assert.deepEqual(await indexes(), ['access_tokens_client', 'access_tokens_refresh', 'access_tokens_token']);
    await reconcileIndexes(open.shop.db, new Debts());
    assert.deepEqual(await indexes(), []);
  });
});
