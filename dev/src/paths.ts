import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DevError } from './errors.ts';

/** The checkout this launcher belongs to. */
export const repository = resolve(import.meta.dirname, '../..');

/**
 * Everything one stack keeps: `<data>/<stack>`, `<repository>/.banyan/<stack>` unless told otherwise.
 * @throws DevError bad_command for a name that could lead out of that folder.
 */
export function stackFolder(stack: string, dataDir: string | undefined): string {
  if (!/^[\w-]+$/.test(stack))
    throw new DevError('bad_command', `a stack's name is letters, digits, _ and -: ${stack}`);
  return resolve(dataDir ?? join(repository, '.banyan'), stack);
}

/** Where Node keeps our programs compiled, types stripped: a third of the time of a start. */
export const compileCache = (): string => join(repository, '.banyan', '.cache', 'compiled');

/** A folder that every user of the machine can get to, for what a store's unprivileged server must read or write. */
export function publicFolder(folder: string): string {
  const path = join('/var/tmp', `banyan-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`);
  mkdirSync(path, { recursive: true, mode: 0o755 });
  // Anybody can make a folder there: one that is not ours, or a link, is not trusted with data or programs.
  const stats = lstatSync(path);
  if (!stats.isDirectory() || stats.uid !== process.getuid?.() || (stats.mode & 0o022) !== 0) {
    throw new DevError('store_failed', `${path} belongs to another user: remove it`);
  }
  return path;
}

/** `publicFolder` of what all stacks of this checkout share. */
export function publicCache(): string {
  return publicFolder(join(repository, '.banyan'));
}

/**
 * The folder of what is fetched once and used by every stack of this checkout, made if needed: in the checkout, or
 * outside when a store's unprivileged server could not read it there.
 */
export function cacheFolder(readable: (folder: string) => boolean): string {
  // No stack can have this name.
  const own = join(repository, '.banyan', '.cache');
  const folder = readable(own) ? own : publicCache();
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  return folder;
}
