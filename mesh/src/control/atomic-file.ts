import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Replaces `path` so that after a crash it holds either the old content or the new one, whole. */
export function writeAtomically(path: string, content: string): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  const temporary = `${path}.new`;
  const handle = openSync(temporary, 'w', 0o600);
  try {
    // Writes all of it: `writeSync` may write a part, on a disk that is nearly full.
    writeFileSync(handle, content);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, path);
  // The rename itself is durable only once its folder is.
  const folderHandle = openSync(folder, 'r');
  try {
    fsyncSync(folderHandle);
  } finally {
    closeSync(folderHandle);
  }
}
