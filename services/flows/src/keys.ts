/** The name of the resource and of its group. */
export const resource = 'flows';

const [entryPrefix, flowPrefix] = ['entry:', 'flow:'];

/** The key of an entry with its values. */
export const entryKey = (id: string): string => entryPrefix + id;
/** The key of a flow with its fields. */
export const flowKey = (id: string): string => flowPrefix + id;

/** What a key is of; undefined: of nothing. */
export function parseKey(key: string): { kind: 'entry' | 'flow'; id: string } | undefined {
  if (key.startsWith(entryPrefix)) return { kind: 'entry', id: key.slice(entryPrefix.length) };
  if (key.startsWith(flowPrefix)) return { kind: 'flow', id: key.slice(flowPrefix.length) };
  return undefined;
}
