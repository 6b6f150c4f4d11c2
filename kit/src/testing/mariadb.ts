import { randomBytes } from 'node:crypto';
import { type Connection, createConnection } from 'mariadb';
import type { TestDatabase } from './database.ts';

/**
 * A database on the real MariaDB server that belongs to one test, with a user and a password of its own.
 *
 * @throws Error when TEST_MARIADB_URL is not set: a test that needs a store must not pass without one
 */
export async function createTestMariadb(): Promise<TestDatabase> {
  const serverUrl = process.env.TEST_MARIADB_URL;
  if (!serverUrl) {
    throw new Error('TEST_MARIADB_URL is not set: run through `npm test`, or `npm run stores -- <command>`');
  }
  const name = `test_${randomBytes(8).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  const { hostname, port, username, password: rootPassword } = new URL(serverUrl);
  const server = { host: hostname, port: Number(port || 3306), collation: 'UTF8MB4_NOPAD_BIN' };
  const admin = await createConnection({
    ...server,
    user: decodeURIComponent(username),
    password: decodeURIComponent(rootPassword),
  });
  admin.on('error', () => {});
  // Without a character set: the service must bring the database to its own.
  await admin.query(`create database ${name}`);
  await admin.query(`create user '${name}'@'%' identified by '${password}'`);
  await admin.query(`grant all on ${name}.* to '${name}'@'%'`);
  let inside: Promise<Connection> | undefined;
  const openInside = async () => {
    const connection = await createConnection({
      ...server,
      user: name,
      password,
      database: name,
      bigIntAsNumber: true,
    });
    connection.on('error', () => {});
    return connection;
  };
  const endConnections = async () => {
    await admin.query(`kill user '${name}'@'%'`);
    inside = undefined;
  };

  return {
    url: Object.assign(new URL(serverUrl), { username: name, password, pathname: `/${name}` }).toString(),
    query: async <Row extends object>(text: string, values: unknown[] = []) => {
      inside ??= openInside();
      return (await inside).query<Row[]>(text, values);
    },
    takeDown: async () => {
      await admin.query(`alter user '${name}'@'%' account lock`);
      await endConnections();
    },
    bringBack: async () => {
      await admin.query(`alter user '${name}'@'%' account unlock`);
    },
    drop: async () => {
      await (await inside)?.end().catch(() => {});
      await admin.query(`drop user '${name}'@'%'`);
      await admin.query(`drop database ${name}`);
      await admin.end();
    },
  };
}
