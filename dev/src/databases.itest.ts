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
    for (const name of [from, to]) await query('postgres', `drop database if exists ${pg.escapeIdentifier(name)}`);
  });

  test('are created once, whatever their name, and sort bytewise', async () => {
    assert.deepEqual(await ensureDatabases(serverUrl, [from]), [from]);
    assert.deepEqual(await ensureDatabases(serverUrl, [from]), []);
    assert.deepEqual(await query(from, `select 'a' > 'B' as bytewise`), [{ bytewise: true }]);
  });

  test('two processes may create the same one at once', async () => {
    await query('postgres', `drop database ${pg.escapeIdentifier(from)}`);
    await Promise.all([ensureDatabases(serverUrl, [from]), ensureDatabases(serverUrl, [from])]);
    assert.deepEqual(await ensureDatabases(serverUrl, [from]), []);
  });

  test('are copied, and the copied one takes connections again, also after a failure', async () => {
    await query(from, 'create table kept as select 5 as value');
    assert.equal(await holdsTables(serverUrl, to), false);
    await cloneDatabase(serverUrl, from, to);
    assert.equal(await holdsTables(serverUrl, to), true);
    assert.deepEqual(await query(to, 'select value from kept'), [{ value: 5 }]);
    await assert.rejects(cloneDatabase(serverUrl, from, 'postgres'));
    assert.deepEqual(await query(from, 'select value from kept'), [{ value: 5 }]);
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
      await query('postgres', `drop database if exists ${pg.escapeIdentifier(to)}`);
      await ensureDatabases(serverUrl, [to]);
      await query(to, 'create table precious as select 7 as value');
      await assert.rejects(cloneDatabase(serverUrl, source, target), (error: Error & { code?: string }) => {
        assert.match(error.message, said);
        return error.code === 'bad_command';
      });
      assert.deepEqual(await query(to, 'select value from precious'), [{ value: 7 }]);
      assert.deepEqual(await query(from, 'select 1 as one'), [{ one: 1 }]);
    });
  }

  test('an interrupted copy leaves the target unchanged, and the next copy removes the remains', async () => {
    const owner = new pg.Client({ connectionString: serverUrl });
    await owner.connect();
    await query('postgres', `drop database if exists ${pg.escapeIdentifier(to)}`);
    await ensureDatabases(serverUrl, [to]);
    await query(to, 'create table precious as select 7 as value');
    try {
      // An uncommitted change of the target locks it against the rename.
      await owner.query('begin');
      await owner.query(`alter database ${pg.escapeIdentifier(to)} connection limit 5`);
      await assert.rejects(cloneDatabase(`${serverUrl}?options=-c%20lock_timeout%3D300`, from, to), /lock timeout/);
    } finally {
      await owner.query('rollback');
      await owner.end();
    }
    assert.deepEqual(await query(to, 'select value from precious'), [{ value: 7 }]);
    await query('postgres', 'create database banyan_copy_leftover');
    await cloneDatabase(serverUrl, from, to);
    assert.deepEqual(await query(to, 'select value from kept'), [{ value: 5 }]);
    const left = await query('postgres', `select datname from pg_database where datname like 'banyan_copy_%'`);
    assert.deepEqual(left, []);
  });

  test('a database that a killed copy left closed is opened by the next start', async () => {
    await query('postgres', `alter database ${pg.escapeIdentifier(from)} with allow_connections false`);
    await assert.rejects(query(from, 'select 1'));
    await ensureDatabases(serverUrl, [from]);
    assert.deepEqual(await query(from, 'select value from kept'), [{ value: 5 }]);
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
      assert.deepEqual(await query('postgres', `select 1 from pg_database where datname = '${made}'`), []);
    });
  }
});

test('a copy that the task makes takes no part in the migration of the original', async () => {
  const [shop, copy] = [`dev_shop_${unique}`, `dev_shop_copy_${unique}`];
  const task = fileURLToPath(new URL('tasks/databases.ts', import.meta.url));
  try {
    await ensureDatabases(serverUrl, [shop]);
    await query(
      shop,
      `create table brands (n int); create schema migration;
       create function migration.refuse() returns trigger language plpgsql as $$
         begin raise exception 'not written here'; end $$;
       create trigger guard before insert on brands for each row execute function migration.refuse()`,
    );
    const env = { ...process.env, POSTGRES_URL: serverUrl };
    const run = spawnSync(process.execPath, [task, '--clone', `${shop}:${copy}`], { env, encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    await query(copy, 'insert into brands values (1)');
    await assert.rejects(query(shop, 'insert into brands values (1)'), /not written here/);
  } finally {
    for (const name of [shop, copy]) await query('postgres', `drop database if exists ${name}`);
  }
});
