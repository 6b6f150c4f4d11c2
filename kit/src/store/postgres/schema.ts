import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';
import { storeError } from './pool.ts';

interface SchemaFile {
  number: number;
  name: string;
  sql: string;
  checksum: string;
}

/** A schema folder that cannot be applied to the database. The message names the file and the reason. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

/** An arbitrary fixed number: programs that apply a schema to the same database must use the same lock. */
const advisoryLock = 7_204_611;

export interface SchemaOptions {
  url: string;
  /** A folder of files like `001_what_it_does.sql`. They run in the order of their numbers, each in a transaction. */
  folder: URL;
  connectTimeoutMs?: number;
  /** Limit for everything, including the wait for another instance. */
  timeoutMs?: number;
}

/**
 * Brings a database's schema up to date and returns the names of the files that it applied. Several instances may start
 * at once: one does the work, the others wait. A file must not change after it was applied, which its stored checksum
 * proves.
 *
 * @throws SchemaError when files are misnumbered or an applied one has changed
 * @throws ServiceError `store_unavailable` when the store does not respond
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
  // A server that goes away also fails the running statement, so the event itself needs no handling.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select pg_advisory_lock($1)', [advisoryLock]);
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
    create table if not exists schema_files (
      number integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default now()
    )`);
  const { rows } = await client.query<{ number: number; checksum: string }>(
    'select number, checksum from schema_files',
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
  await client.query('begin');
  try {
    await client.query(file.sql);
    await client.query('insert into schema_files (number, name, checksum) values ($1, $2, $3)', [
      file.number,
      file.name,
      file.checksum,
    ]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    if (storeError(error) !== error) throw error;
    throw new SchemaError(`${file.name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

async function schemaFiles(folder: URL): Promise<SchemaFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const files = await Promise.all(names.map((name) => schemaFile(folder, name)));
  const numbers = new Set(files.map(({ number }) => number));
  if (numbers.size !== files.length) throw new SchemaError(`two files in ${folder.pathname} have the same number`);
  return files;
}

async function schemaFile(folder: URL, name: string): Promise<SchemaFile> {
  const number = /^(\d{3})_[\w-]+\.sql$/.exec(name)?.[1];
  if (number === undefined) throw new SchemaError(`${name}: a schema file is named like 001_what_it_does.sql`);
  const sql = await readFile(new URL(name, folder), 'utf8');
  return { number: Number(number), name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
}
