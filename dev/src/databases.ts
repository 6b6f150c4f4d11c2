import pg from 'pg';

/** Runs `work` with a connection to one database of the server at `serverUrl`. */
async function connected<T>(serverUrl: string, database: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const url = new URL(serverUrl);
  url.pathname = `/${encodeURIComponent(database)}`;
  const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: 60_000 });
  // A server that goes away while the connection is idle is reported by the next query.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

const quoted = (name: string) => pg.escapeIdentifier(name);

/**
 * Makes the databases that do not exist yet: UTF-8, sorting bytewise, so that names sort alike on every server.
 * @returns the names of those it made.
 */
export function ensureDatabases(serverUrl: string, names: readonly string[]): Promise<string[]> {
  return connected(serverUrl, 'postgres', async (client) => {
    const { rows } = await client.query<{ datname: string }>('SELECT datname FROM pg_database');
    const existing = new Set(rows.map((row) => row.datname));
    const missing = names.filter((name) => !existing.has(name));
    for (const name of missing) {
      await client
        .query(`CREATE DATABASE ${quoted(name)} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'`)
        // 42P04, 23505: somebody else made it at the same time.
        .catch((error: { code?: string }) => {
          if (error.code !== '42P04' && error.code !== '23505') throw error;
        });
    }
    return missing;
  });
}

/**
 * Makes database `to` an exact copy of `from`, replacing what `to` held. Connections to both are ended, and none to `from` is
 * let in while the copy is made (PostgreSQL copies only a database that nobody uses): their owners connect again afterwards.
 */
export function cloneDatabase(serverUrl: string, from: string, to: string): Promise<void> {
  return connected(serverUrl, 'postgres', async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${quoted(to)} WITH (FORCE)`);
    await client.query(`ALTER DATABASE ${quoted(from)} WITH ALLOW_CONNECTIONS false`);
    try {
      await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [from]);
      const { rows } = await client.query<{ version: number }>(
        `SELECT current_setting('server_version_num')::int AS version`,
      );
      // Copying files beats copying through the write-ahead log for all but small databases; older servers know no other way.
      const strategy = (rows[0]?.version ?? 0) >= 150_000 ? ' STRATEGY file_copy' : '';
      await client.query(`CREATE DATABASE ${quoted(to)} TEMPLATE ${quoted(from)}${strategy}`);
    } finally {
      await client.query(`ALTER DATABASE ${quoted(from)} WITH ALLOW_CONNECTIONS true`);
    }
  });
}

/** Whether a database exists and holds a table. */
export async function holdsTables(serverUrl: string, name: string): Promise<boolean> {
  const exists = await connected(serverUrl, 'postgres', (client) =>
    client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]),
  );
  if (exists.rowCount === 0) return false;
  return connected(serverUrl, name, async (client) => {
    const tables = await client.query(
      `SELECT 1 FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') LIMIT 1`,
    );
    return tables.rowCount !== 0;
  });
}
