import { delimiter, join } from 'node:path';
import { repository } from '../paths.ts';
import { testStores } from '../test-stores/test-stores.ts';
import { inForeground } from './child.ts';

/**
 * Runs a command with `TEST_POSTGRES_URL` and its like naming servers with throwaway data, and the checkout's own tools
 * (Node.js among them) first on PATH.
 * @param only the names of the stores that the command needs; null: all that can be had.
 * @returns the command's exit code.
 */
export async function stores(command: readonly string[], only: readonly string[] | null): Promise<number> {
  const [file = '', ...args] = command;
  const found = await testStores(process.env, only);
  for (const note of found.notes) console.error(`stores: ${note}`);
  try {
    const path = [join(repository, 'node_modules/.bin'), process.env.PATH].filter(Boolean).join(delimiter);
    const env: Record<string, string> = { ...found.env, PATH: path };
    for (const [key, value] of Object.entries(process.env)) if (value !== undefined) env[key] ??= value;
    return await inForeground({ file, args, cwd: process.cwd(), env });
  } finally {
    await found.stop();
  }
}
