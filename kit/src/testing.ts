import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

/**
 * Looks again and again until `condition` gives a truthy value, and gives that. The limit is for a broken test only:
 * nothing may depend on how fast the condition comes about.
 */
export async function until<Value>(
  what: string,
  condition: () => Promise<Value> | Value,
  limitMs = 20_000,
): Promise<NonNullable<Value>> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await pause(10);
  }
}

/** A database of a test's own on the real server; dropped with `drop`, whoever is still connected. */
export interface TestDatabase {
  url: string;
  /** Runs one statement, or several without values, as the database's owner. */
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Lets no new connection in and ends those that there are: to everybody else the store is down. */
  takeDown(): Promise<void>;
  bringBack(): Promise<void>;
  drop(): Promise<void>;
}

/** @throws Error when TEST_POSTGRES_URL is not set: a test of a store never passes without the store */
export async function createTestDatabase(): Promise<TestDatabase> {
  const serverUrl = process.env.TEST_POSTGRES_URL;
  if (!serverUrl) {
    throw new Error('TEST_POSTGRES_URL is not set: run through `npm test`, or `npm run stores -- <command>`');
  }
  const name = `test_${randomBytes(8).toString('hex')}`;
  const url = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).toString();
  const admin = new pg.Pool({ connectionString: serverUrl, max: 1 });
  // A role of its own, with a password: as a service is let in, and nothing works only because a superuser did it.
  const role = `${name}_user`;
  const password = randomBytes(12).toString('hex');
  await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
  await admin.query(`CREATE DATABASE ${name} OWNER ${role}`);
  const owned = Object.assign(new URL(url), { username: role, password }).toString();
  const inside = new pg.Pool({ connectionString: owned, max: 1, idleTimeoutMillis: 1 });
  inside.on('error', () => {});
  // A backend that is told to end serves on until it hears of it: told again, until there is none.
  const endConnections = () =>
    until('the database to have no connections', async () => {
      const { rowCount } = await admin.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1',
        [name],
      );
      return rowCount === 0;
    });

  return {
    url: owned,
    query: async <Row extends object>(text: string, values: unknown[] = []) =>
      (await inside.query<Row>(text, values)).rows,
    takeDown: async () => {
      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
      await endConnections();
    },
    bringBack: async () => {
      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    },
    drop: async () => {
      await inside.end();
      await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await admin.query(`DROP ROLE IF EXISTS ${role}`);
      await admin.end();
    },
  };
}
