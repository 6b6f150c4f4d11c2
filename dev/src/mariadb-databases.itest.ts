import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { createConnection } from 'mariadb';
import { ensureMariadbDatabases } from './mariadb-databases.ts';

const serverUrl = process.env.TEST_MARIADB_URL ?? '';
assert.ok(serverUrl !== '', 'TEST_MARIADB_URL is not set: run through `npm test`, or `npm run stores -- <command>`');
const { hostname, port, username, password } = new URL(serverUrl);
const server = { host: hostname, port: Number(port) };
const name = `dev_${randomBytes(6).toString('hex')}`;

after(async () => {
  const admin = await createConnection({ ...server, user: username, password });
  await admin.query(`drop database ${name}`);
  await admin.query(`drop user ${name}@'%'`);
  await admin.end();
});

test('databases are made once, each with a user who sees no other', async () => {
  assert.deepEqual(await ensureMariadbDatabases(serverUrl, [name]), [name]);
  assert.deepEqual(await ensureMariadbDatabases(serverUrl, [name]), []);
  const own = await createConnection({ ...server, user: name, password, database: name });
  try {
    await own.query('create table words (word varchar(10) primary key)');
    await own.query("insert into words values ('a'), ('A'), ('a ')");
    const seen = (await own.query<{ Database: string }[]>('show databases')).map((row) => row.Database);
    assert.deepEqual(seen.sort(), ['information_schema', name].sort());
  } finally {
    await own.end();
  }
});

test('a name that is no plain word is refused', async () => {
  for (const odd of ['', 'A', 'a b', "x'; drop database mysql", 'x`']) {
    await assert.rejects(ensureMariadbDatabases(serverUrl, [odd]), /small letters/);
  }
});
