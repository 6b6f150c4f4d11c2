import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connectedMariadb } from './connected-mariadb.ts';
import { ensureMariadbDatabases } from './mariadb-databases.ts';

const serverUrl = process.env.TEST_MARIADB_URL ?? '';
const skip = serverUrl === '' ? 'TEST_MARIADB_URL is not set: run through `npm run stores -- <command>`' : false;

const name = `dev \`${randomBytes(6).toString('hex')}`;
const task = fileURLToPath(new URL('./tasks/databases.ts', import.meta.url));

describe('MariaDB databases', { skip }, () => {
  after(() =>
    connectedMariadb(serverUrl, (connection) =>
      connection.query(`drop database if exists \`${name.replaceAll('`', '``')}\``),
    ),
  );

  test('are made once, whatever their name, and compare bytewise', async () => {
    assert.deepEqual(await ensureMariadbDatabases(serverUrl, [name]), [name]);
    assert.deepEqual(await ensureMariadbDatabases(serverUrl, [name]), []);
    const [row] = await connectedMariadb(serverUrl, (connection) =>
      connection.query(
        'select default_collation_name as collation from information_schema.schemata where schema_name = ?',
        [name],
      ),
    );
    assert.deepEqual(row, { collation: 'utf8mb4_nopad_bin' });
  });

  test('are made by the task, which needs no PostgreSQL for that', () => {
    const env = { ...process.env, MARIADB_URL: serverUrl, POSTGRES_URL: '' };
    const run = (words: string[], more = {}) =>
      spawnSync(process.execPath, [task, ...words], { env: { ...env, ...more }, encoding: 'utf8' });
    assert.equal(run(['--mariadb', name]).status, 0);
    const { status, stderr } = run(['--mariadb', name], { MARIADB_URL: '' });
    assert.deepEqual([status, stderr.trim()], [2, 'MARIADB_URL is not set']);
    assert.equal(run(['--create', 'x']).stderr.trim(), 'POSTGRES_URL is not set');
  });
});
