import { createConnection } from 'mariadb';

/**
 * Creates the databases that do not exist: their text is compared byte by byte. Each gets a user of its name, who may do
 * everything in it and nothing elsewhere, with the password of the server's URL.
 * @returns the names of the created databases.
 * @throws Error when a name is not one of small letters, digits and `_`, or the server refuses.
 */
export async function ensureMariadbDatabases(serverUrl: string, names: readonly string[]): Promise<string[]> {
  const wrong = names.find((name) => !/^[a-z][a-z0-9_]{0,31}$/.test(name));
  if (wrong !== undefined) throw new Error(`${wrong}: a database's name has small letters, digits and _`);
  const { hostname, port, username, password } = new URL(serverUrl);
  const secret = decodeURIComponent(password);
  const connection = await createConnection({
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: secret,
    connectTimeout: 10_000,
    // An error message with the values of its statement would bring the password into the log.
    logParam: false,
  });
  try {
    const existing = new Set(
      (await connection.query<{ Database: string }[]>('show databases')).map((row) => row.Database),
    );
    for (const name of names) {
      // The server's defaults may be others: MARIADB_URL can name any server.
      await connection.query(`create database if not exists ${name} character set utf8mb4 collate utf8mb4_nopad_bin`);
      await connection.query(`create user if not exists ${name}@'%' identified by ?`, [secret]);
      await connection.query(`alter user ${name}@'%' identified by ?`, [secret]);
      await connection.query(`grant all on ${name}.* to ${name}@'%'`);
    }
    return names.filter((name) => !existing.has(name));
  } finally {
    await connection.end();
  }
}
