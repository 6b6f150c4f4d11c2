import { join } from 'node:path';
import { publicFolder } from '../paths.ts';
import { reachable, unprivileged } from './unprivileged.ts';

/** The folder of a store's data: in the stack's folder, or outside when the store's user cannot reach that. */
export function dataFolder(stackFolder: string, name: string): string {
  const runAs = unprivileged();
  const parent = runAs === null || reachable(stackFolder, runAs) ? stackFolder : publicFolder(stackFolder);
  return join(parent, name);
}
