import { execFile } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { executables } from '../executables.ts';

/** A MariaDB server that can run here. */
export interface Binaries {
  /** The program `mariadbd`. */
  server: string;
  /** `10.11.19` */
  version: string;
  /** Versions of one series share their data: `10.11`. */
  series: string;
  origin: 'machine' | 'debian';
  /** Folder with messages, character sets, and the SQL of the system tables. */
  share: string;
  /** Its environment: where it finds libraries that the machine lacks. */
  env: Record<string, string>;
}

/** The platform's SQL and settings need this version. */
const oldest = [10, 6] as const;

const usualPlaces = [
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/libexec',
  '/usr/local/libexec',
  '/usr/local/mysql/bin',
  '/usr/local/mariadb/bin',
  '/opt/homebrew/opt/mariadb*/bin',
  '/usr/local/opt/mariadb*/bin',
];

/** The usable servers of the machine: on PATH, then in the packages' usual folders. */
export async function machineServers(path: string | undefined): Promise<Binaries[]> {
  const files = executables(path, ['mariadbd', 'mysqld'], usualPlaces);
  const found = await Promise.all(files.map((server) => describe(server, 'machine', {})));
  return found.filter((one) => one !== null);
}

/** The server in unpacked Debian packages; `root` stands in for `/`. Null when it does not run. */
export function unpackedServer(root: string): Promise<Binaries | null> {
  const libraries = globSync(join(root, '{usr/,}lib/*-linux-gnu*'));
  return describe(join(root, 'usr/sbin/mariadbd'), 'debian', { LD_LIBRARY_PATH: libraries.join(delimiter) });
}

/** Null when the program is not a usable MariaDB server (MySQL's is named the same). */
async function describe(
  server: string,
  origin: Binaries['origin'],
  libraries: Record<string, string>,
): Promise<Binaries | null> {
  const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C', ...libraries };
  try {
    const { stdout } = await promisify(execFile)(server, ['--no-defaults', '--version'], { env, timeout: 10_000 });
    const [, version = '', major = '', minor = ''] = stdout.match(/Ver ((\d+)\.(\d+)\.\d+)-MariaDB/) ?? [];
    const share = ['../share/mysql', '../share/mariadb', '../share', '../../share/mysql', '../../share/mariadb']
      .map((folder) => resolve(dirname(server), folder))
      .find((folder) => existsSync(join(folder, 'charsets')));
    if (version === '' || share === undefined) return null;
    const newEnough = Number(major) > oldest[0] || (Number(major) === oldest[0] && Number(minor) >= oldest[1]);
    return newEnough ? { server, version, series: `${major}.${minor}`, origin, share, env } : null;
  } catch {
    return null;
  }
}
