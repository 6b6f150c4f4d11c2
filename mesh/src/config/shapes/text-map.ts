import { Cursor } from '../tree/cursor.ts';
import type { Json, Shape } from './shape.ts';

/** A mapping of texts to texts. */
const textMap: Shape<Record<string, string>> = {
  says: 'a mapping of texts',
  fallback: {},
  read: (at) => {
    if (at.tree.kind !== 'map') {
      at.unreadable('must be a mapping (keys and values)');
      return {};
    }
    const values: [string, string][] = [];
    for (const [key, { value }] of at.tree.entries) {
      at.child(key, value).reportVariableFaults();
      if (value.kind === 'scalar' && typeof value.value === 'string') values.push([key, value.value]);
      else at.fault([key], 'must be a text', { hint: 'write it in quotes' });
    }
    return Object.fromEntries(values);
  },
  write: (value): Json => value,
};

/** The entries of a text map whose names satisfy `isOwn`; the others belong to other programs and are ignored. */
export function ownTexts(isOwn: (name: string) => boolean): Shape<Record<string, string>> {
  return {
    ...textMap,
    read: (at) => {
      if (at.tree.kind !== 'map') return textMap.read(at);
      const entries = new Map([...at.tree.entries].filter(([name]) => isOwn(name)));
      return textMap.read(new Cursor(at.origin, { ...at.tree, entries }, at.steps));
    },
  };
}
