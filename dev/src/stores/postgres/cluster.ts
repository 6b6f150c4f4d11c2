import { spawn } from 'node:child_process';
import { chownSync, existsSync, globSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DevError } from '../../errors.ts';
import { dataFolder } from '../data-folder.ts';
import { unprivileged } from '../unprivileged.ts';
import type { Binaries } from './binaries.ts';

/**
 * The data folder of this stack and major version: in the stack's folder, or outside when the server cannot reach that.
 */
export function clusterFolder(stackFolder: string, major: number): string {
  return dataFolder(stackFolder, `postgres-${major}`);
}

/** Whether the folder has a cluster. */
export const isCluster = (folder: string) => existsSync(join(folder, 'PG_VERSION'));

/**
 * Makes the cluster unless it exists: superuser `user` with a password, UTF-8, no locale (names sort alike on every
 * machine).
 * @throws DevError store_failed with the output of initdb.
 */
export async function ensureCluster(binaries: Binaries, folder: string, user: string, password: string): Promise<void> {
  if (isCluster(folder)) return;
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new DevError('store_failed', `${folder} holds files that are no PostgreSQL data: move them away`);
  }
  // Made beside and renamed: an interrupted initdb leaves nothing that looks like a cluster.
  for (const leftover of globSync(`${folder}.new-*`)) rmSync(leftover, { recursive: true, force: true });
  const fresh = `${folder}.new-${process.pid}`;
  const passwordFile = `${fresh}-password`;
  const runAs = unprivileged();
  mkdirSync(fresh, { recursive: true, mode: 0o700 });
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (runAs !== null) for (const path of [fresh, passwordFile]) chownSync(path, runAs.uid, runAs.gid);
  try {
    const auth = ['--auth=scram-sha-256', `--pwfile=${passwordFile}`];
    await run(join(binaries.bin, 'initdb'), ['-D', fresh, '-U', user, '--encoding=UTF8', '--no-locale', '-N', ...auth]);
    renameSync(fresh, folder);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(fresh, { recursive: true, force: true });
  }
}

function run(file: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    // LC_ALL: the user's locale may be missing on this machine.
    const child = spawn(file, args, {
      ...unprivileged(),
      cwd: '/',
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk) => (said += chunk));
    child.once('error', (error) => reject(new DevError('store_failed', `initdb: ${error.message}`, { cause: error })));
    child.once('close', (code) => {
      if (code === 0) resolve();
      else
        reject(
          new DevError('store_failed', `initdb ended with ${code}: ${said.trim().split('\n').slice(-3).join(' ')}`),
        );
    });
  });
}
