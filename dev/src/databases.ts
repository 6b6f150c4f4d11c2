import pg from 'pg';
import { reopen } from './clone-database.ts';
import { connected } from './connected.ts';

const quoted = (name: string) => pg.escapeIdentifier(name);

/**
 * Creates the databases that do not exist: UTF-8, sorted bytewise, so that names sort the same on every server.
 * Opens databases that an interrupted copy left closed.
 * @returns the names of the created databases.
 */
export function ensureDatabases(serverUrl: string, names: readonly string[]): Promise<string[]> {
  return connected(serverUrl, 'postgres', async (client) => {
    const { rows } = await client.query<{ datname: string }>('SELECT datname FROM pg_database');
    const existing = new Set(rows.map((row) => row.datname));
    const missing = names.filter((name) => !existing.has(name));
    for (const name of missing) {
      await client
        .query(`CREATE DATABASE ${quoted(name)} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'`)
        // 42P04, 23505: another process created it at the same time.
        .catch((error: { code?: string }) => {
          if (error.code !== '42P04' && error.code !== '23505') throw error;
        });
    }
    await reopen(client, names);
    return missing;
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
