import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { until } from './until.ts';

/** A database on the real server that belongs to one test. `drop` also ends open connections. */
export interface TestDatabase {
  url: string;
  /** Runs one statement, or several without values, as the database's owner. */
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Refuses new connections and ends the open ones, so that clients find the store down. */
  takeDown(): Promise<void>;
  bringBack(): Promise<void>;
  drop(): Promise<void>;
}

/** @throws Error when TEST_POSTGRES_URL is not set: a test that needs a store must not pass without one */
export async function createTestDatabase(): Promise<TestDatabase> {
  const serverUrl = process.env.TEST_POSTGRES_URL;
  if (!serverUrl) {
    throw new Error('TEST_POSTGRES_URL is not set: run through `npm test`, or `npm run stores -- <command>`');
  }
  const name = `test_${randomBytes(8).toString('hex')}`;
  const url = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).toString();
  const admin = new pg.Pool({ connectionString: serverUrl, max: 1 });
  // A role with a password, as a service has, so that no test passes only because it runs as a superuser.
  const role = `${name}_user`;
  const password = randomBytes(12).toString('hex');
  await admin.query(`create role ${role} login password '${password}'`);
  await admin.query(`create database ${name} owner ${role}`);
  const owned = Object.assign(new URL(url), { username: role, password }).toString();
  const inside = new pg.Pool({ connectionString: owned, max: 1, idleTimeoutMillis: 1 });
  inside.on('error', () => {});
  // A terminated backend keeps running until it sees the signal, so this repeats until no backend is left.
  const endConnections = () =>
    until('the database to have no connections', async () => {
      const { rowCount } = await admin.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1',
        [name],
      );
      return rowCount === 0;
    });

  return {
    url: owned,
    query: async <Row extends object>(text: string, values: unknown[] = []) =>
      (await inside.query<Row>(text, values)).rows,
    takeDown: async () => {
      await admin.query(`alter database ${name} allow_connections false`);
      await endConnections();
    },
    bringBack: async () => {
      await admin.query(`alter database ${name} allow_connections true`);
    },
    drop: async () => {
      await inside.end();
      await admin.query(`drop database if exists ${name} with (force)`);
      await admin.query(`drop role if exists ${role}`);
      await admin.end();
    },
  };
}
