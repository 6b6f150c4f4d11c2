import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { inTransaction, type Pool, type PoolClient } from '../db.ts';

/** A numbered SQL file, as `001_clients.sql`. */
export interface SchemaFile {
  name: string;
  sql: string;
}

// Any number works if every process uses the same one. The lock serializes processes that start together.
const advisoryLock = 7_205_759_403;

/** Reads the SQL files beside this file, in order. */
export async function readSchemaFiles(): Promise<SchemaFile[]> {
  const folder = new URL('.', import.meta.url);
  const names = (await readdir(fileURLToPath(folder))).filter((name) => /^\d{3}_\w+\.sql$/.test(name)).sort();
  return Promise.all(names.map(async (name) => ({ name, sql: await readFile(new URL(name, folder), 'utf8') })));
}

/**
 * Brings the schema up to date in one transaction; returns the names of the new files.
 * @throws Error when an applied file has changed since, or is gone
 */
export async function applySchema(db: Pool, files: readonly SchemaFile[]): Promise<string[]> {
  return inTransaction(db, async (client) => {
    await client.query('select pg_advisory_xact_lock($1)', [advisoryLock]);
    await client.query(
      `create table if not exists schema_migrations (
         name text primary key, checksum text not null, applied_at timestamptz not null default now())`,
    );
    const applied = await appliedChecksums(client);
    const known = new Set(files.map((file) => file.name));
    const missing = [...applied.keys()].filter((name) => !known.has(name));
    if (missing.length > 0) throw new Error(`The database is newer than this program: it has ${missing.join(', ')}`);

    const fresh: string[] = [];
    for (const { name, sql } of files) {
      const checksum = createHash('sha256').update(sql).digest('hex');
      const before = applied.get(name);
      if (before === checksum) continue;
      if (before !== undefined) throw new Error(`${name} has changed since it was applied; add a new file instead`);
      await client.query(sql);
      await client.query('insert into schema_migrations (name, checksum) values ($1, $2)', [name, checksum]);
      fresh.push(name);
    }
    return fresh;
  });
}

async function appliedChecksums(client: PoolClient): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; checksum: string }>(
    'select name, checksum from schema_migrations',
  );
  return new Map(rows.map((row) => [row.name, row.checksum]));
}
