import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of one test. */
export interface OwnFolder {
  path: string;
  /** Deletes it, unless it is the caller's. */
  remove(): Promise<void>;
}

/** @param given the caller's own folder, which stays */
export async function ownFolder(name: string, given?: string): Promise<OwnFolder> {
  const path = given ?? (await mkdtemp(join(tmpdir(), `${name}-`)));
  return {
    path,
    remove: async () => {
      if (given === undefined) await rm(path, { recursive: true });
    },
  };
}
