import { readFile } from 'node:fs/promises';
import { applyFiles, readSchemaFiles, SchemaError, type SchemaFile } from '../schema-files.ts';
import type { Connection } from './connection.ts';

/** The kit has no files of its own here: its part stands before the functions of the service. */
const kitFolder = new URL('./schema/', import.meta.url);
const prelude = new URL('./prelude.lua', import.meta.url);

/** Names of functions are the whole server's, and have no hyphens. */
export const libraryName = (tag: string, number: number): string =>
  `${tag.replaceAll(/\W/g, '_')}_v${String(number).padStart(3, '0')}`;

export interface Applied {
  names: string[];
  /** Of the newest file: its functions are the ones to call. */
  newest: number;
}

/**
 * See `Store.applySchema`. Each file is a library, whole, under a name with its number: instances of an earlier version
 * go on with the functions of theirs. Loading is repeated at each start, and replaces a library by itself.
 */
export async function applySchema(connection: Connection, tag: string, folder: URL): Promise<Applied> {
  const files = await readSchemaFiles(kitFolder, folder, 'lua');
  const kit = await readFile(prelude, 'utf8');
  const key = `{${tag}}:schema_files`;
  const load = ({ number, text }: SchemaFile) => {
    const library = libraryName(tag, number);
    const code = `#!lua name=${library}\nlocal LIBRARY = '${library}'\n${kit}\n${text}`;
    return connection.run((client) => client.function('LOAD', 'REPLACE', code));
  };
  const known = await connection.run((client) => client.hgetall(key));
  const names: string[] = [];
  const applied = Object.entries(known).map(([number, checksum]) => ({
    scope: 'service',
    number: Number(number),
    checksum,
  }));
  const fresh = await applyFiles(
    {
      applied: async () => applied,
      apply: async (file) => {
        await load(file);
        // Of several instances the first one writes, and the others have loaded the same.
        const first = await connection.run((client) => client.hsetnx(key, String(file.number), file.checksum));
        if (first === 1) names.push(file.name);
      },
    },
    files,
  );
  // A library may be missing although it is remembered, after FUNCTION FLUSH or a restore.
  for (const file of files) if (!fresh.includes(file.name)) await load(file);
  const newest = files.at(-1)?.number;
  if (newest === undefined) throw new SchemaError(`${folder.pathname} has no file like 001_what_it_does.lua`);
  return { names, newest };
}
