import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { ServiceError } from './errors.ts';
import { openPostgres, type Postgres, statement } from './postgres.ts';
import { createTestDatabase, type TestDatabase } from './testing.ts';

const unavailable = (error: unknown) => error instanceof ServiceError && error.code === 'store_unavailable';
const one = statement<{ n: number }, [number]>('one', 'SELECT $1::int AS n');
const insert = statement<object, [number]>('insert', 'INSERT INTO numbers VALUES ($1)');
const count = statement<{ n: number }>('count', 'SELECT count(*)::int AS n FROM numbers');

describe('a pool', () => {
  let database: TestDatabase;
  let db: Postgres;

  before(async () => {
    database = await createTestDatabase();
    db = openPostgres({ url: database.url, applicationName: 'kit test', queryTimeoutMs: 500 });
    await db.query(statement('make', 'CREATE TABLE numbers (n int PRIMARY KEY)'), []);
  });
  after(async () => {
    await db.close();
    await database.drop();
  });

  test('runs named statements with values', async () => {
    assert.deepEqual(await db.query(one, [7]), [{ n: 7 }]);
    assert.deepEqual(await db.query(one, [8]), [{ n: 8 }]);
  });

  test('commits what a transaction resolves with and rolls back what it rejects with', async () => {
    await db.transaction((connection) => connection.query(insert, [1]));
    await assert.rejects(
      db.transaction(async (connection) => {
        await connection.query(insert, [2]);
        throw new Error('changed my mind');
      }),
      /changed my mind/,
    );
    assert.deepEqual(await db.query(count, []), [{ n: 1 }]);
  });

  test('a statement that is wrong is not a store that is down', async () => {
    await assert.rejects(db.query(insert, [1]), (error: unknown) => !unavailable(error));
  });

  test('a statement that takes too long is given up', async () => {
    await assert.rejects(db.query(statement('slow', 'SELECT pg_sleep(60)'), []), unavailable);
  });

  test('a store that goes away is told as such, and used again when it is back', async () => {
    await database.takeDown();
    await assert.rejects(db.ping(), unavailable);
    await database.bringBack();
    await db.ping();
  });

  test('a store that is silent does not hang anybody', async () => {
    const silent: Server = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const url = `postgres://u:p@127.0.0.1:${port}/d`;
    const hung = openPostgres({ url, applicationName: 'kit test', connectTimeoutMs: 50 });
    await assert.rejects(hung.ping(), unavailable);
    await hung.close();
    silent.close();
  });
});
