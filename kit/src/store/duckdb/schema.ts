import { type AppliedFile, applyFiles, readSchemaFiles, type SchemaFile } from '../schema-files.ts';
import { type Queryable, statement } from '../statement.ts';

const kitFolder = new URL('./schema/', import.meta.url);

const makeTable = statement<object>(
  'kit_schema_files',
  `create table if not exists schema_files (
     scope text not null, number integer not null, name text not null, checksum text not null,
     applied_at timestamp not null default current_timestamp, primary key (scope, number))`,
);
const known = statement<AppliedFile>('kit_schema_known', 'select scope, number, checksum from schema_files');
const remember = statement<object, [string, number, string, string]>(
  'kit_schema_remember',
  'insert into schema_files (scope, number, name, checksum) values (?, ?, ?, ?)',
);

/** See `Store.applySchema`. The lock of the database file keeps other processes out. */
export async function applySchema(
  own: Queryable,
  inTransaction: (work: () => Promise<void>) => Promise<void>,
  folder: URL,
): Promise<string[]> {
  const files = await readSchemaFiles(kitFolder, folder);
  await own.run(makeTable, []);
  const apply = ({ scope, number, name, text, checksum }: SchemaFile) =>
    inTransaction(async () => {
      await own.run(statement('', text), []);
      await own.run(remember, [scope, number, name, checksum]);
    });
  const done = await applyFiles({ applied: () => own.query(known, []), apply }, files);
  // A change of the schema that has only been logged may be impossible to read after a crash.
  if (done.length > 0) await own.run(statement('', 'checkpoint'), []);
  return done;
}
