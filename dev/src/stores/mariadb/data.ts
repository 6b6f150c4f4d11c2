import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DevError } from '../../errors.ts';
import { unprivileged } from '../unprivileged.ts';
import type { Binaries } from './binaries.ts';

/** Whether the folder has a server's data. */
export const hasData = (folder: string) => existsSync(join(folder, 'mysql'));

/** What every run of the server needs, wherever its files are. */
export const serverPlaces = (binaries: Binaries, folder: string): string[] => [
  '--no-defaults',
  `--datadir=${folder}`,
  `--lc-messages-dir=${binaries.share}`,
  `--character-sets-dir=${join(binaries.share, 'charsets')}`,
];

/**
 * Makes the data folder unless it exists: the system tables, and `root` with a password from every host.
 * @throws DevError store_failed with the server's output.
 */
export async function ensureData(binaries: Binaries, folder: string, password: string): Promise<void> {
  if (hasData(folder)) return;
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new DevError('store_failed', `${folder} holds files that are no MariaDB data: move them away`);
  }
  // Made beside and renamed: an interrupted run leaves nothing that looks like data.
  for (const leftover of globSync(`${folder}.new-*`)) rmSync(leftover, { recursive: true, force: true });
  const fresh = `${folder}.new-${process.pid}`;
  const runAs = unprivileged();
  mkdirSync(fresh, { recursive: true, mode: 0o700 });
  if (runAs !== null) chownSync(fresh, runAs.uid, runAs.gid);
  try {
    await bootstrap(binaries, fresh, systemSql(binaries.share, password));
    renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** The SQL that `mariadb-install-db` runs; that script would need the machine's own folders. */
function systemSql(share: string, password: string): string {
  const file = (name: string) => readFileSync(globSync(join(share, `{mariadb,mysql}_${name}.sql`))[0] ?? '', 'utf8');
  const accounts = ['localhost', '%'].flatMap((host) => [
    `create user 'root'@'${host}' identified via mysql_native_password using '${passwordHash(password)}';`,
    `grant all on *.* to 'root'@'${host}' with grant option;`,
  ]);
  return [
    'create database if not exists mysql;',
    'use mysql;',
    'set @auth_root_socket = null;',
    "set @current_hostname = 'localhost';",
    file('system_tables'),
    file('performance_tables'),
    file('system_tables_data'),
    // Accounts for several names of this machine, without a password.
    "delete from mysql.global_priv where User = 'root' or User = '';",
    'flush privileges;',
    ...accounts,
    '',
  ].join('\n');
}

/** As the server keeps it: the password itself stands in no SQL and so in no log. */
function passwordHash(password: string): string {
  const sha1 = (data: string | Buffer) => createHash('sha1').update(data).digest();
  return `*${sha1(sha1(password)).toString('hex').toUpperCase()}`;
}

function bootstrap(binaries: Binaries, folder: string, sql: string): Promise<void> {
  // The data are used only when complete, so nothing needs to reach the disk before the end.
  const args = [...serverPlaces(binaries, folder), '--bootstrap', '--innodb-flush-log-at-trx-commit=0'];
  return new Promise((resolve, reject) => {
    const child = spawn(binaries.file, args, {
      ...unprivileged(),
      cwd: '/',
      env: binaries.env,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (chunk) => (said = (said + chunk).slice(-8_000)));
    child.stdin.on('error', () => {});
    child.once('error', (error) => reject(new DevError('store_failed', `mariadbd: ${error.message}`)));
    child.once('close', (code) => {
      if (code === 0) return resolve();
      const errors = said.split('\n').filter((line) => /error/i.test(line));
      const what = errors.slice(0, 2).join('; ') || said.trim().split('\n').at(-1);
      reject(new DevError('store_failed', `mariadbd could not make its data, and ended with ${code}: ${what}`));
    });
    child.stdin.end(sql);
  });
}
