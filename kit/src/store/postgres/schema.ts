import pg from 'pg';
import { type AppliedFile, applyFiles, readSchemaFiles, type SchemaFile, type SchemaTarget } from '../schema-files.ts';
import { storeError } from './errors.ts';

export { SchemaError } from '../schema-files.ts';

const kitFolder = new URL('./schema/', import.meta.url);

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

/** See `Store.applySchema`. */
export async function applySchema(options: SchemaOptions): Promise<string[]> {
  const files = await readSchemaFiles(kitFolder, options.folder);
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
    await makeTable(client);
    return await applyFiles(targetOn(client), files);
  } catch (error) {
    throw storeError(error);
  } finally {
    // Ends the session and with it the lock.
    await client.end().catch(() => {});
  }
}

async function makeTable(client: pg.Client): Promise<void> {
  await client.query(`
    create table if not exists schema_files (
      scope text not null default 'service', number integer not null, name text not null, checksum text not null,
      applied_at timestamptz not null default now(), primary key (scope, number)
    )`);
  // A database that has served a program from before the kit had files of its own.
  const { rowCount } = await client.query(
    `select from information_schema.columns
     where table_schema = current_schema() and table_name = 'schema_files' and column_name = 'scope'`,
  );
  if (rowCount !== 0) return;
  await client.query(`
    alter table schema_files add column scope text not null default 'service',
      drop constraint schema_files_pkey, add primary key (scope, number)`);
}

function targetOn(client: pg.Client): SchemaTarget {
  const applied = async () =>
    (await client.query<AppliedFile>('select scope, number, checksum from schema_files')).rows;
  const apply = async ({ scope, number, name, text, checksum }: SchemaFile) => {
    await client.query('begin');
    try {
      await client.query(text);
      await client.query('insert into schema_files (scope, number, name, checksum) values ($1, $2, $3, $4)', [
        scope,
        number,
        name,
        checksum,
      ]);
      await client.query('commit');
    } catch (error) {
      await client.query('rollback').catch(() => {});
      throw storeError(error);
    }
  };
  return { applied, apply };
}
