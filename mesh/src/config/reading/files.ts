import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Fault } from '../fault.ts';
import { findPaths } from './paths.ts';
import { maxFileLength } from './yaml-tree.ts';

/** One file of documents. Faults show its `name`. */
export interface SourceFile {
  name: string;
  text: string;
}

/** Files of one configuration. */
const maxFiles = 1000;

/**
 * Reads the files of a configuration: each path is a file, a folder or a pattern, as `findPaths` reads it. A file that
 * several paths lead to is read once. An unreadable file is a fault, and so is a path or pattern without a file.
 */
export async function readFiles(paths: readonly string[]): Promise<{ files: SourceFile[]; faults: Fault[] }> {
  const files: SourceFile[] = [];
  const faults: Fault[] = [];
  const seen = new Set<string>();
  for (const path of paths) {
    try {
      const names = (await findPaths(path)).files;
      if (names.length === 0) faults.push(about(path, 'must hold at least one .yaml, .yml or .json file'));
      for (const name of names) {
        if (seen.has(resolve(name))) continue;
        seen.add(resolve(name));
        if (files.length >= maxFiles) {
          faults.push(about(path, `must not hold more than ${maxFiles} files`));
          break;
        }
        await readOne(name, files, faults);
      }
    } catch (error) {
      faults.push(about(path, reasonOf(error)));
    }
  }
  return { files, faults };
}

async function readOne(path: string, files: SourceFile[], faults: Fault[]): Promise<void> {
  try {
    const { size } = await stat(path);
    if (size > maxFileLength) {
      faults.push(about(path, `must not be longer than ${maxFileLength} bytes (it has ${size})`));
      return;
    }
    const text = textOf(await readFile(path));
    if (text === null) faults.push(about(path, 'must be text in UTF-8'));
    else files.push({ name: path, text });
  } catch (error) {
    faults.push(about(path, reasonOf(error)));
  }
}

/** The text of a file, or null if its bytes are not UTF-8. */
export function textOf(content: Uint8Array): string | null {
  if (content.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return null;
  }
}

function about(file: string, rule: string): Fault {
  return { severity: 'error', file, document: 0, line: 0, column: 0, object: '', path: '', rule };
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'may not be read by this user',
  EISDIR: 'is a folder, not a file',
  ELOOP: 'is a link that leads to itself',
  ENOTDIR: 'there is no such file or folder',
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return reasons[code] ?? `cannot be read (${code || basename(String(error))})`;
}
