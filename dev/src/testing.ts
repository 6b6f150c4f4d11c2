import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after } from 'node:test';

/** A file of the fixtures. */
export const fixture = (name: string) => resolve(import.meta.dirname, '../test-fixtures', name);

/** A folder for this test file alone, deleted after it. */
export function freshFolder(mode = 0o711): string {
  const folder = mkdtempSync(join(tmpdir(), 'banyan-dev-test-'));
  // A store's server under another user must be able to pass.
  chmodSync(folder, mode);
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
