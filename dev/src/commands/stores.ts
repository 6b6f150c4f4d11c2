import { delimiter, join } from 'node:path';
import { repository } from '../paths.ts';
import { testStore } from '../test-stores/test-store.ts';
import { inForeground } from './child.ts';

/**
 * Runs a command with `TEST_POSTGRES_URL` naming a server with throwaway data, and the checkout's own tools (Node.js
 * among them) first on PATH.
 * @returns the command's exit code.
 */
export async function stores(command: readonly string[]): Promise<number> {
  const [file = '', ...args] = command;
  const store = await testStore(process.env);
  console.error(`stores: ${store.source}`);
  try {
    const path = [join(repository, 'node_modules/.bin'), process.env.PATH].filter(Boolean).join(delimiter);
    const env: Record<string, string> = { TEST_POSTGRES_URL: store.url, PATH: path };
    for (const [key, value] of Object.entries(process.env)) if (value !== undefined) env[key] ??= value;
    return await inForeground({ file, args, cwd: process.cwd(), env });
  } finally {
    await store.stop();
  }
}
