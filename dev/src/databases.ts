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
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database');
    const existing = new Set(rows.map((row) => row.datname));
    const missing = names.filter((name) => !existing.has(name));
    for (const name of missing) {
      await client
        .query(`create database ${quoted(name)} template template0 encoding 'UTF8' locale 'C'`)
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
    client.query('select 1 from pg_database where datname = $1', [name]),
  );
  if (exists.rowCount === 0) return false;
  return connected(serverUrl, name, async (client) => {
    const tables = await client.query(
      `select 1 from pg_tables where schemaname not in ('pg_catalog', 'information_schema') limit 1`,
    );
    return tables.rowCount !== 0;
  });
}

/**
 * Takes what the migration keeps in a monolith's database out of a copy of it: no worker follows the copy, so its notes
 * would only grow, and its writes would be refused where a service owns the original.
 */
export async function leaveMigration(serverUrl: string, name: string): Promise<void> {
  await connected(serverUrl, name, (client) => client.query('drop schema if exists migration cascade'));
}
