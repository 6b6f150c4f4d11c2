import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DevError } from '../errors.ts';
import { stackFolder } from '../paths.ts';
import type { StackOptions } from './options.ts';

/**
 * Makes the stack's folder and returns its path.
 * @throws DevError bad_command: when a throwaway stack would delete files that it did not make.
 */
export function claimFolder({ stack = 'default', dataDir, throwaway = false }: StackOptions): string {
  const folder = stackFolder(stack, dataDir);
  if (throwaway && existsSync(folder) && readdirSync(folder).length > 0)
    throw new DevError('bad_command', `a throwaway stack deletes its folder, and ${folder} is not empty`);
  for (const name of ['logs', 'volumes']) mkdirSync(join(folder, name), { recursive: true });
  // Logs, credentials and the control socket are readable by the user alone. A store that runs as another user only
  // passes through the folder.
  chmodSync(folder, 0o711);
  for (const name of ['logs', 'volumes']) chmodSync(join(folder, name), 0o700);
  return folder;
}
