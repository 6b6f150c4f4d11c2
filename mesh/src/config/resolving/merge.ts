import type { Origin } from '../tree/cursor.ts';
import { follow, type MapTree, type Step, type Tree } from '../tree/tree.ts';

/**
 * `specific` over `general`, field by field (as RFC 7386 merges JSON): mappings are merged, every other value replaces the
 * general one, lists as a whole, and `null` takes it away.
 *
 * @param keepsNull the result has those nulls, to show them
 */
export function mergeTrees(general: Tree | undefined, specific: Tree, keepsNull = false): Tree {
  if (specific.kind !== 'map') return specific;
  const entries = new Map(general?.kind === 'map' ? general.entries : []);
  for (const [key, entry] of specific.entries) {
    if (isNull(entry.value) && !keepsNull) entries.delete(key);
    else entries.set(key, { ...entry, value: mergeTrees(entries.get(key)?.value, entry.value, keepsNull) });
  }
  return { kind: 'map', place: specific.place, entries };
}

/** A mapping without entries, at the beginning of a document. */
export const emptyMap = (): MapTree => ({ kind: 'map', place: { line: 1, column: 1 }, entries: new Map() });

/**
 * The document whose value at `steps` counts. If none has it, the one that has most of the way there.
 *
 * @param origins the most general first; at least one
 */
export function ownerAmong(origins: readonly Origin[], steps: readonly Step[]): Origin {
  // A list is merged as a whole, so the list decides, and not what is inside.
  const index = steps.findIndex((step) => typeof step === 'number');
  const fields = index < 0 ? steps : steps.slice(0, index);
  let best = origins.at(-1) as Origin;
  let longest = -1;
  for (const origin of [...origins].reverse()) {
    const length = depthOf(origin.tree, fields);
    if (length <= longest) continue;
    best = origin;
    longest = length;
  }
  return best;
}

/** How many of `steps` lead to a value. */
function depthOf(tree: Tree, steps: readonly Step[]): number {
  let length = 0;
  while (length < steps.length) {
    const found = follow(tree, steps.slice(0, length + 1));
    if (found === undefined || isNull(found)) break;
    length += 1;
  }
  return length;
}

export const isNull = (tree: Tree): boolean => tree.kind === 'scalar' && tree.value === null;
