import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { connected } from './connected.ts';
import { DevError } from './errors.ts';

/** PostgreSQL cuts a longer name off without an error (NAMEDATALEN): two long names could mean one database. Bytes. */
const longestName = 63;
/** The server's own databases: neither copied nor replaced. */
const ownDatabases = ['postgres', 'template0', 'template1'];
/** Copies under way have such a name; under `copyLock`, one that is found is the rest of a copy that was killed. */
const asidePrefix = 'banyan_copy_';
/** One copy at a time on a server: `pg_advisory_lock`. */
const copyLock = "hashtext('banyan clone-database')";

const quoted = (name: string) => pg.escapeIdentifier(name);

/**
 * Makes database `to` an exact copy of `from`, replacing what `to` held. The copy is made under a name of its own and
 * takes the place of `to` when it is complete: whatever fails before leaves `to` as it was. Connections to both are
 * ended, and none is let in to `from` during the copy (PostgreSQL copies only a database without connections): clients
 * connect again afterwards.
 * @throws DevError bad_command, before anything is changed: `from` does not exist, `to` is `from`, or a name cannot be
 * used.
 */
export async function cloneDatabase(serverUrl: string, from: string, to: string): Promise<void> {
  for (const name of [from, to]) checkName(name);
  if (from === to) throw new DevError('bad_command', `the copy of database ${from} needs another name`);
  await connected(serverUrl, 'postgres', async (client) => {
    await client.query(`select pg_advisory_lock(${copyLock})`);
    const existing = await databaseNames(client);
    if (!existing.includes(from)) {
      const others = existing.filter((name) => !ownDatabases.includes(name) && !name.startsWith(asidePrefix));
      throw new DevError('bad_command', `there is no database ${from}; there are ${others.join(', ') || 'none'}`);
    }
    for (const name of existing.filter((one) => one.startsWith(asidePrefix))) await drop(client, name);
    const aside = asidePrefix + randomBytes(6).toString('hex');
    try {
      await alone(client, from, () => copy(client, from, aside));
      await replace(client, aside, to);
    } catch (error) {
      await drop(client, aside).catch(() => {});
      throw error;
    }
  });
}

/**
 * Lets connections in to databases that a copy closed and, killed, did not open again.
 * @param client connected to the database `postgres`
 */
export async function reopen(client: pg.Client, names: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ datname: string }>(
    'select datname from pg_database where not datallowconn and datname = any($1)',
    [names],
  );
  if (rows.length === 0) return;
  // Waits for a copy that is under way.
  await client.query(`select pg_advisory_lock(${copyLock})`);
  for (const { datname } of rows) await allowConnections(client, datname, true);
  await client.query(`select pg_advisory_unlock(${copyLock})`);
}

function checkName(name: string): void {
  if (name === '' || Buffer.byteLength(name) > longestName || name.includes('\0'))
    throw new DevError('bad_command', `a database's name has 1 to ${longestName} bytes: "${name}"`);
  if (ownDatabases.includes(name) || name.startsWith(asidePrefix))
    throw new DevError('bad_command', `database ${name} is the server's own: name another`);
}

async function databaseNames(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ datname: string }>('select datname from pg_database order by datname');
  return rows.map(({ datname }) => datname);
}

/** Does the work while `name` has no connection and lets none in. */
async function alone(client: pg.Client, name: string, work: () => Promise<void>): Promise<void> {
  await allowConnections(client, name, false);
  try {
    await endConnections(client, name);
    await work();
  } finally {
    await allowConnections(client, name, true);
  }
}

async function copy(client: pg.Client, from: string, to: string): Promise<void> {
  const { rows } = await client.query<{ version: number }>(
    `select current_setting('server_version_num')::int as version`,
  );
  // Copying files beats copying through the write-ahead log for all but small databases; older servers know no other
  // way.
  const strategy = (rows[0]?.version ?? 0) >= 150_000 ? ' strategy file_copy' : '';
  await client.query(`create database ${quoted(to)} template ${quoted(from)}${strategy}`);
}

/** Gives the complete copy its name, and drops the database that had it. */
async function replace(client: pg.Client, aside: string, to: string): Promise<void> {
  if (!(await databaseNames(client)).includes(to)) {
    await client.query(`alter database ${quoted(aside)} rename to ${quoted(to)}`);
    return;
  }
  const old = asidePrefix + randomBytes(6).toString('hex');
  await allowConnections(client, to, false);
  try {
    await endConnections(client, to);
    // Both names change or neither: RENAME, other than CREATE and DROP, takes part in a transaction.
    await client.query('begin');
    await client.query(`alter database ${quoted(to)} rename to ${quoted(old)}`);
    await client.query(`alter database ${quoted(aside)} rename to ${quoted(to)}`);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    await allowConnections(client, to, true);
    throw error;
  }
  await drop(client, old);
}

const allowConnections = (client: pg.Client, name: string, allowed: boolean) =>
  client.query(`alter database ${quoted(name)} with allow_connections ${allowed}`);

/** Ends the connections to a database and waits until they have ended: a backend takes a moment. */
async function endConnections(client: pg.Client, name: string): Promise<void> {
  await client.query('select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = $1', [name]);
}

const drop = (client: pg.Client, name: string) => client.query(`drop database if exists ${quoted(name)} with (force)`);
