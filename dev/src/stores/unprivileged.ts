import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** The user and group a store's server runs under. */
export interface RunAs {
  uid: number;
  gid: number;
}

/** `nobody` on Debian, Fedora and Alpine alike. */
const nobody: RunAs = { uid: 65_534, gid: 65_534 };

/** PostgreSQL refuses to run as root: root runs it as an unprivileged user. Null: run it as the current user. */
export function unprivileged(): RunAs | null {
  return process.getuid?.() === 0 ? nobody : null;
}

/** Whether `runAs` can reach `path`: every folder above it must be passable for that user. */
export function reachable(path: string, runAs: RunAs): boolean {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const stats = statSync(folder, { throwIfNoEntry: false });
    if (stats !== undefined) {
      const bits = stats.uid === runAs.uid ? stats.mode >> 6 : stats.gid === runAs.gid ? stats.mode >> 3 : stats.mode;
      const needed = stats.isDirectory() ? 1 : 4;
      if ((bits & needed) === 0) return false;
    }
    if (folder === dirname(folder)) return true;
  }
}
