import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';

/** Where the figures come from: they compare with nothing that was measured elsewhere. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryBytes: number;
  platform: string;
  node: string;
  stores: Record<string, string>;
}

export function machine(stores: Record<string, string> = {}): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    stores,
  };
}

/** The commit that was measured, with `+changes` where the tree differs from it; `unknown` outside a checkout. */
export function commit(folder: string): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const hash = git('rev-parse', 'HEAD');
    return git('status', '--porcelain') === '' ? hash : `${hash}+changes`;
  } catch {
    return 'unknown';
  }
}
