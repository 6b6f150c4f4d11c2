import { type Connection, createConnection } from 'mariadb';
import { type AppliedFile, applyFiles, readSchemaFiles, SchemaError, type SchemaFile } from '../schema-files.ts';
import { storeError } from './errors.ts';
import { charset, collation, connectionConfig } from './settings.ts';

const kitFolder = new URL('./schema/', import.meta.url);

export interface SchemaOptions {
  url: string;
  /** Files like `001_what_it_does.sql`, one repeatable statement each. */
  folder: URL;
  connectTimeoutMs: number;
  /** Limit for each statement, and for the wait for another instance. */
  timeoutMs?: number;
}

/** See `Store.applySchema`. */
export async function applySchema({ url, folder, connectTimeoutMs, timeoutMs = 60_000 }: SchemaOptions) {
  const files = await readSchemaFiles(kitFolder, folder);
  for (const file of files) refuseUnrepeatable(file);
  try {
    const connection = await createConnection(connectionConfig(url, { connectTimeoutMs, queryTimeoutMs: timeoutMs }));
    connection.on('error', () => {});
    try {
      // The name of the lock is the whole server's. The end of the connection releases it.
      const [row] = await connection.execute<[{ got: number | null }]>(
        "select get_lock(concat('schema.', md5(database())), ?) as got",
        [timeoutMs / 1_000],
      );
      if (row.got !== 1) throw new Error('another instance has held the lock of the schema for too long');
      await setCollation(connection);
      return await applyFiles(await targetOn(connection), files);
    } finally {
      await connection.end().catch(() => {});
    }
  } catch (error) {
    throw storeError(error);
  }
}

/**
 * A statement of MariaDB that changes the schema commits, so a file and its record are two commits, and a file may run
 * again after a crash in between.
 */
function refuseUnrepeatable({ name, text }: SchemaFile): void {
  const sql = text.replace(/^\s*--.*$/gm, '').trim();
  if (/^(create|alter|drop)\b/i.test(sql) && !/\bif (not )?exists\b|^create or replace\b/i.test(sql)) {
    throw new SchemaError(`${name}: the statement must be repeatable: say IF NOT EXISTS, IF EXISTS or OR REPLACE`);
  }
  if (/;\s*\S/.test(sql.replace(/^\s*--.*$/gm, '').replace(/'[^']*'/g, ''))) {
    throw new SchemaError(`${name}: a file for MariaDB holds one statement`);
  }
}

/** New tables get the database's collation, not the session's. */
async function setCollation(connection: Connection): Promise<void> {
  const [row] = await connection.execute<[{ name: string }]>(
    'select default_collation_name as name from information_schema.schemata where schema_name = database()',
  );
  if (row.name !== collation) await connection.query(`alter database character set ${charset} collate ${collation}`);
}

async function targetOn(connection: Connection) {
  await connection.query(`
    create table if not exists schema_files (
      scope varchar(10) not null, number int not null, name varchar(255) not null, checksum char(64) not null,
      applied_at datetime(6) not null default current_timestamp(6), primary key (scope, number)
    )`);
  return {
    applied: () => connection.query<AppliedFile[]>('select scope, number, checksum from schema_files'),
    apply: async ({ scope, number, name, text, checksum }: SchemaFile) => {
      await connection.query(text);
      await connection.execute('insert into schema_files (scope, number, name, checksum) values (?, ?, ?, ?)', [
        scope,
        number,
        name,
        checksum,
      ]);
    },
  };
}
