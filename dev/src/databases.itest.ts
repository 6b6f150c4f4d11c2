import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, describe, test } from 'node:test';
import pg from 'pg';
import { cloneDatabase, ensureDatabases, holdsTables } from './databases.ts';

const serverUrl = process.env.TEST_POSTGRES_URL ?? '';
assert.ok(serverUrl !== '', 'TEST_POSTGRES_URL is not set: run through `npm test`, or `npm run stores -- <command>`');

const unique = randomBytes(6).toString('hex');
const [from, to] = [`dev "${unique}`, `dev_copy_${unique}`];

async function query(database: string, sql: string): Promise<Record<string, unknown>[]> {
  const url = new URL(serverUrl);
  url.pathname = `/${encodeURIComponent(database)}`;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('databases', () => {
  after(async () => {
    for (const name of [from, to]) await query('postgres', `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)}`);
  });

  test('are made once, whatever their name, and sort bytewise', async () => {
    assert.deepEqual(await ensureDatabases(serverUrl, [from]), [from]);
    assert.deepEqual(await ensureDatabases(serverUrl, [from]), []);
    assert.deepEqual(await query(from, `SELECT 'a' > 'B' AS bytewise`), [{ bytewise: true }]);
  });

  test('one made by two at once is no error', async () => {
    await query('postgres', `DROP DATABASE ${pg.escapeIdentifier(from)}`);
    await Promise.all([ensureDatabases(serverUrl, [from]), ensureDatabases(serverUrl, [from])]);
    assert.deepEqual(await ensureDatabases(serverUrl, [from]), []);
  });

  test('are copied, and the copied one takes connections again, also after a failure', async () => {
    await query(from, 'CREATE TABLE kept AS SELECT 5 AS value');
    assert.equal(await holdsTables(serverUrl, to), false);
    await cloneDatabase(serverUrl, from, to);
    assert.equal(await holdsTables(serverUrl, to), true);
    assert.deepEqual(await query(to, 'SELECT value FROM kept'), [{ value: 5 }]);
    await assert.rejects(cloneDatabase(serverUrl, from, 'postgres'));
    assert.deepEqual(await query(from, 'SELECT value FROM kept'), [{ value: 5 }]);
  });
});
