import { delimiter, join } from 'node:path';
import { repository } from '../paths.ts';
import { testStores, type Wanted } from '../test-stores/test-stores.ts';
import { inForeground } from './child.ts';

/**
 * Runs a command with `TEST_POSTGRES_URL` and its like naming servers with throwaway data, and the checkout's own tools
 * (Node.js among them) first on PATH.
 * @returns the command's exit code.
 */
export async function stores(command: readonly string[], wanted: Wanted): Promise<number> {
  const [file = '', ...args] = command;
  const found = await testStores(process.env, wanted);
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
