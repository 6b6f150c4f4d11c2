import { execFile } from 'node:child_process';
import { existsSync, globSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { packagedBinaries } from './package.ts';

/** An installed PostgreSQL server. */
export interface Binaries {
  /** Folder with `postgres` and `initdb`. */
  bin: string;
  /** `17.10` */
  version: string;
  major: number;
  origin: 'machine' | 'npm';
}

/** The platform's SQL needs this version. */
export const oldestMajor = 14;

const usualPlaces = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/usr/local/pgsql/bin',
  '/opt/homebrew/opt/postgresql*/bin',
  '/usr/local/opt/postgresql*/bin',
];

/**
 * Every usable server, best first: those of the machine (on PATH, then in the packages' usual folders, newest first),
 * then the npm package's. `BANYAN_POSTGRES` = `machine` or `npm` allows only those.
 */
export async function findBinaries(variables: Readonly<Record<string, string | undefined>>): Promise<Binaries[]> {
  const only = variables.BANYAN_POSTGRES;
  const found: Binaries[] = [];
  if (only !== 'npm') {
    const onMachine = await Promise.all(machineFolders(variables.PATH ?? '').map((bin) => describe(bin, 'machine')));
    found.push(...onMachine.filter((one) => one !== null).sort((a, b) => b.major - a.major));
  }
  if (only !== 'machine') {
    const bin = await packagedBinaries();
    const packaged = bin === null ? null : await describe(bin, 'npm');
    if (packaged !== null) found.push(packaged);
  }
  return found.filter(({ major }) => major >= oldestMajor);
}

function machineFolders(path: string): string[] {
  const folders = [...path.split(delimiter).filter(Boolean), ...usualPlaces.flatMap((place) => globSync(place))]
    .filter((folder) => existsSync(join(folder, 'postgres')) && existsSync(join(folder, 'initdb')))
    // PATH may hold a symlink; the server finds its own files from the real path.
    .map((folder) => dirname(realpathSync(join(folder, 'postgres'))));
  return [...new Set(folders)];
}

async function describe(bin: string, origin: Binaries['origin']): Promise<Binaries | null> {
  try {
    const { stdout } = await promisify(execFile)(join(bin, 'postgres'), ['--version'], { timeout: 10_000 });
    const version = stdout.match(/(\d+)(\.\d+)*/);
    return version === null ? null : { bin, version: version[0], major: Number(version[1]), origin };
  } catch {
    return null;
  }
}
