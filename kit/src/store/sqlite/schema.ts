import { type AppliedFile, applyFiles, readSchemaFiles, type SchemaFile } from '../schema-files.ts';
import type { OpenFile } from './file.ts';

const kitFolder = new URL('./schema/', import.meta.url);

/** See `Store.applySchema`. The file's lock keeps other instances out. Each schema file is one transaction. */
export async function applySchema(open: OpenFile, folder: URL): Promise<string[]> {
  const files = await readSchemaFiles(kitFolder, folder);
  open.exec(`
    create table if not exists schema_files (
      scope text not null, number integer not null, name text not null, checksum text not null,
      applied_at text not null default current_timestamp, primary key (scope, number)
    ) strict`);
  const applied = async () => open.all('select scope, number, checksum from schema_files', []) as AppliedFile[];
  const apply = ({ scope, number, name, text, checksum }: SchemaFile) =>
    open.transaction(() => {
      open.exec(text);
      const insert = 'insert into schema_files (scope, number, name, checksum) values (?, ?, ?, ?)';
      open.run(insert, [scope, number, name, checksum]);
    });
  return applyFiles({ applied, apply }, files);
}
