import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';
import { storeError } from './postgres.ts';

/** One numbered file. */
interface SchemaFile {
  number: number;
  name: string;
  sql: string;
  checksum: string;
}

/** A schema folder or a database that cannot be brought together; the message says which file and why. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

/** Any fixed number: two programs that migrate one database must wait for the same lock. */
const advisoryLock = 7_204_611;

export interface SchemaOptions {
  /** The database's URL. */
  url: string;
  /** A folder of files `001_what_it_does.sql`; they run in the order of their numbers, each in a transaction. */
  folder: URL;
  connectTimeoutMs?: number;
  /** How long all of it may take, the wait for another instance's run included. */
  timeoutMs?: number;
}

/**
 * Brings a database's schema up to date and says which files it applied. Several instances may start at once: one does
 * the work, the others wait. A file that has been applied must not change: its checksum is kept.
 *
 * @throws SchemaError when files are misnumbered or an applied one has changed
 * @throws ServiceError `store_unavailable` when the store does not answer
 */
export async function applySchema(options: SchemaOptions): Promise<string[]> {
  const files = await schemaFiles(options.folder);
  const timeoutMs = options.timeoutMs ?? 60_000;
  const client = new pg.Client({
    connectionString: options.url,
    application_name: 'schema',
    connectionTimeoutMillis: options.connectTimeoutMs ?? 1_000,
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs + 1_000,
  });
  // A server that goes away mid-way also fails the statement that is running: the event itself needs no answer.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT pg_advisory_lock($1)', [advisoryLock]);
    return await applyFiles(client, files);
  } catch (error) {
    throw storeError(error);
  } finally {
    // Ends the session and with it the lock.
    await client.end().catch(() => {});
  }
}

async function applyFiles(client: pg.Client, files: SchemaFile[]): Promise<string[]> {
  await client.query(`
    CREATE TABLE IF NOT EXISTS schema_files (
      number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
    )`);
  const { rows } = await client.query<{ number: number; checksum: string }>(
    'SELECT number, checksum FROM schema_files',
  );
  const applied = new Map(rows.map((row) => [row.number, row.checksum]));
  const done: string[] = [];
  for (const file of files) {
    const before = applied.get(file.number);
    if (before === file.checksum) continue;
    if (before !== undefined) throw new SchemaError(`${file.name} has changed after it was applied: add a new file`);
    await applyFile(client, file);
    done.push(file.name);
  }
  return done;
}

async function applyFile(client: pg.Client, file: SchemaFile): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(file.sql);
    await client.query('INSERT INTO schema_files (number, name, checksum) VALUES ($1, $2, $3)', [
      file.number,
      file.name,
      file.checksum,
    ]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    if (storeError(error) !== error) throw error;
    throw new SchemaError(`${file.name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

async function schemaFiles(folder: URL): Promise<SchemaFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const files = await Promise.all(names.map((name) => schemaFile(folder, name)));
  const numbers = new Set(files.map(({ number }) => number));
  if (numbers.size !== files.length) throw new SchemaError(`two files in ${folder.pathname} have one number`);
  return files;
}

async function schemaFile(folder: URL, name: string): Promise<SchemaFile> {
  const number = /^(\d{3})_[\w-]+\.sql$/.exec(name)?.[1];
  if (number === undefined) throw new SchemaError(`${name}: a schema file is named like 001_what_it_does.sql`);
  const sql = await readFile(new URL(name, folder), 'utf8');
  return { number: Number(number), name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
}
