import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { libraryEnvironment } from '../debian/libraries.ts';
import { executables } from '../executables.ts';
import type { Server } from '../server.ts';

/** A MariaDB server that can run here. */
export interface Binaries extends Server {
  /** Folder with messages, character sets, and the SQL of the system tables. */
  share: string;
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
  const found = await Promise.all(files.map((file) => describe(file, {})));
  return found.filter((one) => one !== null);
}

/** The server in unpacked Debian packages; `root` stands in for `/`. Null when it does not run. */
export function unpackedServer(root: string): Promise<Binaries | null> {
  return describe(join(root, 'usr/sbin/mariadbd'), libraryEnvironment(root));
}

/** Null when the program is not a usable MariaDB server (MySQL's is named the same). */
async function describe(file: string, libraries: Record<string, string>): Promise<Binaries | null> {
  const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C', ...libraries };
  try {
    const { stdout } = await promisify(execFile)(file, ['--no-defaults', '--version'], { env, timeout: 10_000 });
    const [, version = '', major = '', minor = ''] = stdout.match(/Ver ((\d+)\.(\d+)\.\d+)-MariaDB/) ?? [];
    const bin = dirname(realpathSync(file));
    const share = ['../share/mysql', '../share/mariadb', '../share', '../../share/mysql', '../../share/mariadb']
      .map((folder) => resolve(bin, folder))
      .find((folder) => existsSync(join(folder, 'charsets')));
    if (version === '' || share === undefined) return null;
    const newEnough = Number(major) > oldest[0] || (Number(major) === oldest[0] && Number(minor) >= oldest[1]);
    return newEnough ? { file, version, series: `${major}.${minor}`, share, env } : null;
  } catch {
    return null;
  }
}
