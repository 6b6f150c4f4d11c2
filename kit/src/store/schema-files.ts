import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { ServiceError } from '../service/errors.ts';

/** Whose files: the kit's own tables, or the service's. Each has numbers of its own. */
export type SchemaScope = 'kit' | 'service';

export interface SchemaFile {
  scope: SchemaScope;
  number: number;
  /** As it is reported: with the scope before it if the kit brought the file. */
  name: string;
  text: string;
  checksum: string;
}

/** What the store remembers of a file. */
export interface AppliedFile {
  scope: string;
  number: number;
  checksum: string;
}

/** A schema folder that cannot be applied to the store. The message names the file and the reason. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

/** One engine's part. The lock that keeps other instances out is held while it is used. */
export interface SchemaTarget {
  applied(): Promise<AppliedFile[]>;
  /** Applies the file and remembers it. */
  apply(file: SchemaFile): Promise<void>;
}

/**
 * Applies the files that the store does not remember: those of the kit first, each folder in the order of its numbers.
 * Returns the names of the applied files.
 *
 * @throws SchemaError when a file fails, or an applied file has changed
 */
export async function applyFiles(target: SchemaTarget, files: readonly SchemaFile[]): Promise<string[]> {
  const keyOf = ({ scope, number }: { scope: string; number: number }) => `${scope} ${number}`;
  const applied = new Map((await target.applied()).map((file) => [keyOf(file), file.checksum]));
  const done: string[] = [];
  for (const file of files) {
    const before = applied.get(keyOf(file));
    if (before === file.checksum) continue;
    if (before !== undefined) throw new SchemaError(`${file.name} has changed after it was applied: add a new file`);
    await target.apply(file).catch((error: unknown) => {
      throw schemaError(file, error);
    });
    done.push(file.name);
  }
  return done;
}

function schemaError(file: SchemaFile, cause: unknown): unknown {
  if (cause instanceof ServiceError || cause instanceof SchemaError) return cause;
  return new SchemaError(`${file.name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}

/**
 * Reads the kit's folder and the service's folder.
 *
 * @param ending of the files, such as `sql`
 * @throws SchemaError when a file is misnamed or two have the same number
 */
export async function readSchemaFiles(kit: URL, service: URL, ending = 'sql'): Promise<SchemaFile[]> {
  return [...(await filesIn(kit, 'kit', ending)), ...(await filesIn(service, 'service', ending))];
}

async function filesIn(folder: URL, scope: SchemaScope, ending: string): Promise<SchemaFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(`.${ending}`)).sort();
  const files = await Promise.all(names.map((name) => fileIn(folder, scope, name)));
  const numbers = new Set(files.map(({ number }) => number));
  if (numbers.size !== files.length) throw new SchemaError(`two files in ${folder.pathname} have the same number`);
  return files;
}

async function fileIn(folder: URL, scope: SchemaScope, file: string): Promise<SchemaFile> {
  const number = /^(\d{3})_[\w-]+\.\w+$/.exec(file)?.[1];
  if (number === undefined) throw new SchemaError(`${file}: a schema file is named like 001_what_it_does.sql`);
  const text = await readFile(new URL(file, folder), 'utf8');
  const checksum = createHash('sha256').update(text).digest('hex');
  return { scope, number: Number(number), name: scope === 'kit' ? `kit/${file}` : file, text, checksum };
}
