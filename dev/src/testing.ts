import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after } from 'node:test';

/** A file of the fixtures. */
export const fixture = (name: string) => resolve(import.meta.dirname, '../test-fixtures', name);

/** A folder for this test file alone, deleted after it. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'banyan-dev-test-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Whether a process (or with a negative id a process group) is there. A zombie that nobody has reaped counts as gone. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
