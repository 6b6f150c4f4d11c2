import { open } from 'node:fs/promises';

/** Flushes a folder: names that were given or taken in it survive a loss of power. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
