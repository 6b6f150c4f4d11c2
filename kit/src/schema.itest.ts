import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ServiceError } from './errors.ts';
import { applySchema, SchemaError } from './schema.ts';
import { createTestDatabase, type TestDatabase } from './testing.ts';

describe('schema files', () => {
  let database: TestDatabase;
  let path: string;
  let folder: URL;

  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());
  beforeEach(async () => {
    await database.query('DROP TABLE IF EXISTS schema_files, a, b, c');
    path = await mkdtemp(join(tmpdir(), 'schema-'));
    folder = pathToFileURL(`${path}/`);
  });
  afterEach(() => rm(path, { recursive: true }));
  const write = (name: string, sql: string) => writeFile(join(path, name), sql);
  const apply = () => applySchema({ url: database.url, folder });

  test('are applied once, in the order of their numbers', async () => {
    await write('002_second.sql', 'ALTER TABLE a ADD COLUMN second int');
    await write('001_first.sql', 'CREATE TABLE a (first int)');
    assert.deepEqual(await apply(), ['001_first.sql', '002_second.sql']);
    assert.deepEqual(await apply(), []);
    await write('003_third.sql', 'CREATE TABLE b ()');
    assert.deepEqual(await apply(), ['003_third.sql']);
  });

  test('may be applied by several instances at once', async () => {
    await write('001_first.sql', 'CREATE TABLE a (first int)');
    const applied = await Promise.all([apply(), apply(), apply()]);
    assert.deepEqual(applied.flat(), ['001_first.sql']);
  });

  test('that fail leave nothing of themselves behind', async () => {
    await write('001_first.sql', 'CREATE TABLE a (first int)');
    await write('002_broken.sql', 'CREATE TABLE c (); CREATE TABLE a ();');
    await assert.rejects(apply(), (error) => error instanceof SchemaError && /002_broken/.test(error.message));
    assert.deepEqual(await database.query("SELECT to_regclass('a') IS NOT NULL AS a, to_regclass('c') IS NULL AS c"), [
      { a: true, c: true },
    ]);
  });

  test('must not change after they were applied', async () => {
    await write('001_first.sql', 'CREATE TABLE a (first int)');
    await apply();
    await write('001_first.sql', 'CREATE TABLE a (other int)');
    await assert.rejects(apply(), /001_first\.sql has changed/);
  });

  test('are named and numbered properly', async () => {
    await write('1_first.sql', 'SELECT 1');
    await assert.rejects(apply(), SchemaError);
    await rm(join(path, '1_first.sql'));
    await write('001_a.sql', 'SELECT 1');
    await write('001_b.sql', 'SELECT 1');
    await assert.rejects(apply(), /one number/);
  });

  test('wait for no store that is down', async () => {
    await write('001_a.sql', 'SELECT 1');
    await assert.rejects(
      applySchema({ url: 'postgres://127.0.0.1:1/none', folder }),
      (error: unknown) => error instanceof ServiceError && error.code === 'store_unavailable',
    );
  });
});
