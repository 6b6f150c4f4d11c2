import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from './atomic-file.ts';
import type { WeightChanges } from './weights.ts';

/** Keeps the weights that were set by hand, so that they survive a restart. */
export interface WeightStore {
  /** @throws Error with the path where the file exists but cannot be read: guessing would undo a change. */
  load(): WeightChanges;
  /** @throws the system's error */
  save(changes: WeightChanges): void;
}

/** In `folder`/weights.json; in memory only without a folder. */
export function weightStore(folder: string | null): WeightStore {
  if (folder === null) {
    let held: WeightChanges = {};
    return {
      load: () => held,
      save: (changes) => {
        held = changes;
      },
    };
  }
  const path = join(folder, 'weights.json');
  return {
    load() {
      let text: string;
      try {
        text = readFileSync(path, 'utf8');
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return {};
        throw thrown;
      }
      try {
        const { routes } = JSON.parse(text) as { routes: WeightChanges };
        if (typeof routes !== 'object' || routes === null) throw new Error('no routes');
        return routes;
      } catch (cause) {
        throw new Error(`${path} is not what the mesh wrote: restore it, or delete it to go back to the documents`, {
          cause,
        });
      }
    },
    save: (changes) => writeAtomically(path, `${JSON.stringify({ routes: changes }, null, 2)}\n`),
  };
}
