import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { ServiceError } from '../../service/errors.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { until } from '../../testing/until.ts';
import { openPostgres, type Postgres, statement } from './pool.ts';

const unavailable = (error: unknown) => error instanceof ServiceError && error.code === 'store_unavailable';
const one = statement<{ n: number }, [number]>('one', 'select $1::int as n');
const insert = statement<object, [number]>('insert', 'insert into numbers values ($1)');
const count = statement<{ n: number }>('count', 'select count(*)::int as n from numbers');

describe('a pool', () => {
  let database: TestDatabase;
  let db: Postgres;

  before(async () => {
    database = await createTestDatabase();
    db = openPostgres({ url: database.url, applicationName: 'kit test', queryTimeoutMs: 500 });
    await db.query(statement('make', 'create table numbers (n int primary key)'), []);
  });
  after(async () => {
    await db.close();
    await database.drop();
  });

  test('runs named statements with values', async () => {
    assert.deepEqual(await db.query(one, [7]), [{ n: 7 }]);
    assert.deepEqual(await db.query(one, [8]), [{ n: 8 }]);
  });

  test('commits a transaction that resolves and rolls back one that rejects', async () => {
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

  test('a transaction that its process leaves open ends in the server, and its locks with it', async () => {
    const hanging = openPostgres({ url: database.url, applicationName: 'hanging' });
    const held = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const left = hanging.transaction(async (tx) => {
      await tx.run(insert, [99]);
      held.resolve();
      await gate.promise;
    });
    await held.promise;
    const put = () =>
      db.run(insert, [99]).then(
        () => true,
        () => false,
      );
    assert.equal(await put(), false, 'it waits for the lock');
    await until('the lock to be free', put);
    gate.resolve();
    await assert.rejects(left);
    await hanging.close();
  });

  test('a wrong statement is not reported as an unavailable store', async () => {
    await assert.rejects(db.query(insert, [1]), (error: unknown) => !unavailable(error));
  });

  test('cancels a statement that takes too long', async () => {
    await assert.rejects(db.query(statement('slow', 'select pg_sleep(60)'), []), unavailable);
  });

  test('reports a store that goes down, and uses it again when it is back', async () => {
    await database.takeDown();
    await assert.rejects(db.ping(), unavailable);
    await database.bringBack();
    await db.ping();
  });

  test('a transaction that the server gives up because of a deadlock runs again as a whole', async () => {
    const set = statement<object, [number]>('set', 'update numbers set n = n where n = $1');
    await db.transaction(async (tx) => {
      await tx.run(insert, [101]);
      await tx.run(insert, [102]);
    });
    let attempts = 0;
    let holding = 0;
    const bothHold = Promise.withResolvers<void>();
    const patient = openPostgres({ url: database.url, applicationName: 'kit test', queryTimeoutMs: 20_000 });
    const crossed = (first: number, second: number) =>
      patient.transaction(async (tx) => {
        attempts += 1;
        await tx.run(set, [first]);
        holding += 1;
        if (holding === 2) bothHold.resolve();
        await bothHold.promise;
        await tx.run(set, [second]);
      });
    await Promise.all([crossed(101, 102), crossed(102, 101)]);
    assert.equal(attempts, 3);
    await patient.close();
  });

  test('a silent store does not hang its callers', async () => {
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
