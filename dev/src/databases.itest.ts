import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { cloneDatabase } from './clone-database.ts';
import { ensureDatabases, holdsTables } from './databases.ts';

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

  for (const [what, source, target, said] of [
    ['a source that does not exist', `${from}x`, to, /there is no database .*x; there are .*dev/],
    ['a target that is the source', to, to, /needs another name/],
    ['no target', from, '', /1 to 63 bytes/],
    ['a target that the server would cut off to another name', from, `${to}${'x'.repeat(60)}`, /1 to 63 bytes/],
    ["the server's own database as the source", 'postgres', to, /the server's own/],
    ["the server's own database as the target", from, 'template1', /the server's own/],
  ] as const) {
    test(`a copy with ${what} is refused, and every database stays as it was`, async () => {
      await query('postgres', `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(to)}`);
      await ensureDatabases(serverUrl, [to]);
      await query(to, 'CREATE TABLE precious AS SELECT 7 AS value');
      await assert.rejects(cloneDatabase(serverUrl, source, target), (error: Error & { code?: string }) => {
        assert.match(error.message, said);
        return error.code === 'BAD_COMMAND';
      });
      assert.deepEqual(await query(to, 'SELECT value FROM precious'), [{ value: 7 }]);
      assert.deepEqual(await query(from, 'SELECT 1 AS one'), [{ one: 1 }]);
    });
  }

  test('a copy that breaks off leaves the target as it was, and the next one removes what was left', async () => {
    const owner = new pg.Client({ connectionString: serverUrl });
    await owner.connect();
    await query('postgres', `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(to)}`);
    await ensureDatabases(serverUrl, [to]);
    await query(to, 'CREATE TABLE precious AS SELECT 7 AS value');
    try {
      // An uncommitted change of the target locks it against the rename.
      await owner.query('BEGIN');
      await owner.query(`ALTER DATABASE ${pg.escapeIdentifier(to)} CONNECTION LIMIT 5`);
      await assert.rejects(cloneDatabase(`${serverUrl}?options=-c%20lock_timeout%3D300`, from, to), /lock timeout/);
    } finally {
      await owner.query('ROLLBACK');
      await owner.end();
    }
    assert.deepEqual(await query(to, 'SELECT value FROM precious'), [{ value: 7 }]);
    await query('postgres', 'CREATE DATABASE banyan_copy_leftover');
    await cloneDatabase(serverUrl, from, to);
    assert.deepEqual(await query(to, 'SELECT value FROM kept'), [{ value: 5 }]);
    const left = await query('postgres', `SELECT datname FROM pg_database WHERE datname LIKE 'banyan_copy_%'`);
    assert.deepEqual(left, []);
  });

  test('a database that a killed copy left closed is opened by the next start', async () => {
    await query('postgres', `ALTER DATABASE ${pg.escapeIdentifier(from)} WITH ALLOW_CONNECTIONS false`);
    await assert.rejects(query(from, 'SELECT 1'));
    await ensureDatabases(serverUrl, [from]);
    assert.deepEqual(await query(from, 'SELECT value FROM kept'), [{ value: 5 }]);
  });
});

describe('the task that makes the databases', () => {
  const task = fileURLToPath(new URL('tasks/databases.ts', import.meta.url));
  for (const words of [
    ['--clone', 'one'],
    ['--clone', 'one:'],
    ['--clone', 'a:b:c'],
    ['--creat', 'x'],
  ]) {
    test(`${words.join(' ')} is refused before anything is made`, async () => {
      const made = `dev_made_${unique}`;
      const run = spawnSync(process.execPath, [task, '--create', made, ...words], {
        env: { ...process.env, POSTGRES_URL: serverUrl },
        encoding: 'utf8',
      });
      assert.equal(run.status, 2, run.stderr);
      assert.match(run.stderr, /usage: databases\.ts/);
      assert.doesNotMatch(run.stderr, /\n {4}at /);
      assert.deepEqual(await query('postgres', `SELECT 1 FROM pg_database WHERE datname = '${made}'`), []);
    });
  }
});
