import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ServiceError } from '../../service/errors.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { applySchema, SchemaError } from './schema.ts';

describe('schema files', () => {
  let database: TestDatabase;
  let path: string;
  let folder: URL;

  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());
  beforeEach(async () => {
    await database.query('drop schema public cascade; create schema public');
    path = await mkdtemp(join(tmpdir(), 'schema-'));
    folder = pathToFileURL(`${path}/`);
  });
  afterEach(() => rm(path, { recursive: true }));
  const write = (name: string, sql: string) => writeFile(join(path, name), sql);
  const apply = async () =>
    (await applySchema({ url: database.url, folder })).filter((name) => !name.startsWith('kit/'));

  test('are applied once, in the order of their numbers', async () => {
    await write('002_second.sql', 'alter table a add column second int');
    await write('001_first.sql', 'create table a (first int)');
    assert.deepEqual(await apply(), ['001_first.sql', '002_second.sql']);
    assert.deepEqual(await apply(), []);
    await write('003_third.sql', 'create table b ()');
    assert.deepEqual(await apply(), ['003_third.sql']);
  });

  test('may be applied by several instances at once', async () => {
    await write('001_first.sql', 'create table a (first int)');
    const applied = await Promise.all([apply(), apply(), apply()]);
    assert.deepEqual(applied.flat(), ['001_first.sql']);
  });

  test('leave nothing behind when they fail', async () => {
    await write('001_first.sql', 'create table a (first int)');
    await write('002_broken.sql', 'create table c (); create table a ();');
    await assert.rejects(apply(), (error) => error instanceof SchemaError && /002_broken/.test(error.message));
    assert.deepEqual(await database.query("select to_regclass('a') is not null as a, to_regclass('c') is null as c"), [
      { a: true, c: true },
    ]);
  });

  test('must not change after they were applied', async () => {
    await write('001_first.sql', 'create table a (first int)');
    await apply();
    await write('001_first.sql', 'create table a (other int)');
    await assert.rejects(apply(), /001_first\.sql has changed/);
  });

  test('of a database that knows no files of the kit are not applied again', async () => {
    await write('001_first.sql', 'create table a (first int)');
    await database.query(`
      create table a (first int);
      create table schema_files (
        number integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default now()
      )`);
    const checksum = createHash('sha256').update('create table a (first int)').digest('hex');
    await database.query("insert into schema_files values (1, '001_first.sql', $1)", [checksum]);
    assert.deepEqual(await apply(), []);
    assert.deepEqual(await database.query("select to_regclass('outbox') is not null as kit"), [{ kit: true }]);
    assert.deepEqual(await apply(), []);
  });

  test('are refused when misnamed or misnumbered', async () => {
    await write('1_first.sql', 'select 1');
    await assert.rejects(apply(), SchemaError);
    await rm(join(path, '1_first.sql'));
    await write('001_a.sql', 'select 1');
    await write('001_b.sql', 'select 1');
    await assert.rejects(apply(), /the same number/);
  });

  test('fail at once when the store is down', async () => {
    await write('001_a.sql', 'select 1');
    await assert.rejects(
      applySchema({ url: 'postgres://127.0.0.1:1/none', folder }),
      (error: unknown) => error instanceof ServiceError && error.code === 'store_unavailable',
    );
  });
});
