import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { DevError } from '../../errors.ts';
import { downloadProgress } from './progress.ts';
import { installScript } from './script.ts';

export interface DebianOptions {
  /** Folder that keeps the unpacked packages, one folder each. */
  cache: string;
  /** The launcher's environment: PATH, and what apt takes from it (proxies). */
  variables: Readonly<Record<string, string | undefined>>;
  /** Takes one sentence at a time, for people. */
  progress: (text: string) => void;
  /** Ends the download; what has come so far is kept for the next time. */
  signal: AbortSignal;
  /** More options of apt-get, such as another package source. */
  aptOptions?: readonly string[];
}

/** Whether this machine can fetch Debian's packages: Debian, or a distribution made from it. */
export function hasApt(variables: Readonly<Record<string, string | undefined>>): boolean {
  const folders = (variables.PATH ?? '').split(delimiter).filter(Boolean);
  return ['apt-get', 'dpkg-deb', 'flock'].every((tool) => folders.some((folder) => existsSync(join(folder, tool))));
}

/**
 * Fetches Debian packages, and those of their dependencies that the machine lacks, and unpacks them into a folder of the
 * cache that is named like the first.
 * Nothing is installed, and no root is needed. apt verifies each file, and continues a file that was cut off. Several
 * processes may ask at once: one fetches, the others wait for it.
 * @returns the folder that stands in for `/`; at once when it is there already.
 * @throws DevError store_unavailable with apt's reason.
 */
export async function debianPackages(names: readonly [string, ...string[]], options: DebianOptions): Promise<string> {
  const { cache, variables, progress, signal, aptOptions = [] } = options;
  const [name] = names;
  const folder = join(cache, name);
  const root = join(folder, 'root');
  if (existsSync(root)) return root;
  mkdirSync(join(folder, 'archives', 'partial'), { recursive: true, mode: 0o755 });
  progress(`fetching ${name} from Debian's packages`);
  // The lock is held by the shell and its children: it ends with them, however they end.
  const args = [
    join(folder, 'lock'),
    '/bin/sh',
    '-c',
    installScript,
    'install',
    folder,
    names.join(' '),
    ...aptOptions,
  ];
  const env = { ...variables, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
  // A group of its own: apt and its helpers end together.
  const child = spawn('flock', args, { env, cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const end = () => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid);
    } catch {
      // It ended in this very moment.
    }
  };
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk) => (said = (said + chunk).slice(-4_000)));
  downloadProgress(child.stdout, (text) => progress(`fetching ${name}: ${text}`));
  const code = await new Promise<number | null | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', resolve);
  });
  signal.removeEventListener('abort', end);
  if (code === 0 && existsSync(root)) return root;
  if (signal.aborted) throw new DevError('store_unavailable', `fetching ${name} was interrupted`);
  throw new DevError('store_unavailable', `cannot fetch ${name} from Debian's packages: ${reasonOf(said) || code}`);
}

/** Of apt's output, the first lines that say what is wrong. */
function reasonOf(said: string): string {
  const lines = said.split('\n').map((line) => line.trim());
  const errors = lines.filter((line) => /^(E|Err):/.test(line)).map((line) => line.replace(/^\w+:\s*/, ''));
  return (errors.length > 0 ? errors : lines.filter(Boolean)).slice(0, 2).join('; ');
}
