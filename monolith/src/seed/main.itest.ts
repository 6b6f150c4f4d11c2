import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openPool } from '../db.ts';
import { caller, issueToken, openTestShop, type TestShop } from '../testing/open-shop.ts';
import { sizes } from './sizes.ts';

const program = fileURLToPath(new URL('./main.ts', import.meta.url));

describe('the seed command', { concurrency: false }, () => {
  let open: TestShop;
  before(async () => {
    open = await openTestShop();
    // The tokens of a test shop, and their client, would count as use.
    await open.shop.db.query('delete from access_tokens');
    await open.shop.db.query('delete from api_clients');
  });
  after(() => open.close());

  const seed = (...args: string[]) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const { databaseUrl, filesFolder } = open.shop.config;
      const env = { ...process.env, DATABASE_URL: databaseUrl, FILES_FOLDER: filesFolder };
      execFile(process.execPath, [program, '--size', 'small', ...args], { env }, (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code), out, err });
      });
    });
  const customers = async () =>
    Number((await open.shop.db.query<{ n: string }>('select count(*) as n from customers')).rows[0]?.n);

  test('fills an empty shop, replaces an unused one, and reports what it deletes', async () => {
    const first = await seed();
    assert.deepEqual([first.code, /replaces/.test(first.err)], [0, false]);
    const again = await seed();
    assert.equal(again.code, 0);
    assert.match(
      again.err,
      /replaces the whole shop: 60 products, 200 customers, 400 orders, .*6 API clients, 2,000 acc/,
    );
    assert.match(again.out, /Wait for it: migrate sync auth-clients/);
  });

  test('leaves a shop in use unchanged, whatever the use', async () => {
    const admin = caller(open.app, await issueToken(open.shop, 'client_credentials'));
    const made = await admin('POST', '/v2/customers', {
      data: { type: 'customer', name: 'Passing by', email: 'passing@example.com' },
    });
    assert.equal(made.status, 201);
    await open.shop.db.query('update settings set page_length = 7');
    const refused = await seed();
    assert.equal(refused.code, 1);
    assert.match(refused.err, /in use: .*1 in access_tokens, 1 in customers, .*1 in settings.*\n.*--replace/);
    const left = await seed('--if-empty');
    assert.deepEqual([left.code, /left as it is/.test(left.out)], [0, true]);
    assert.equal(await customers(), sizes.small.customers + 1);
  });

  test('tells the hint of a table that may not be written', async () => {
    await open.shop.db.query(`
      create function not_here() returns trigger language plpgsql as $$
        begin raise exception 'brands are not written here' using hint = 'bring them back'; end $$;
      create trigger guard before insert or delete or truncate on brands for each statement execute function not_here()`);
    try {
      const refused = await seed('--replace');
      assert.equal(refused.code, 1);
      assert.match(refused.err, /seed: brands are not written here \(bring them back\)/);
    } finally {
      await open.shop.db.query('drop function not_here cascade');
    }
  });

  test('--replace replaces it, with its copies where they exist', async () => {
    const url = new URL(open.shop.config.databaseUrl);
    const copy = `${url.pathname.slice(1)}_copy`;
    await open.shop.db.query(`create database ${copy}`);
    try {
      const replaced = await seed('--replace', '--copy', copy, '--copy', `${copy}_missing`);
      assert.equal(replaced.code, 0, replaced.err);
      assert.equal(await customers(), sizes.small.customers);
      const other = openPool(Object.assign(new URL(url), { pathname: `/${copy}` }).href, () => {});
      const digest = 'select md5(string_agg(t::text, chr(10) order by id)) as digest from api_clients t';
      try {
        assert.deepEqual((await other.query(digest)).rows, (await open.shop.db.query(digest)).rows);
      } finally {
        await other.end();
      }
    } finally {
      await open.shop.db.query(`drop database ${copy} with (force)`);
    }
  });
});
