import { Cursor, type Origin } from '../tree/cursor.ts';
import { follow, type ScalarTree, type Tree } from '../tree/tree.ts';

/**
 * The document itself, or the items of a list of documents: `kind: List`, as `kubectl get -o yaml` writes it, or a list
 * of one kind (`kind: ServiceList`), as the API server returns it. Lists may be nested.
 */
export function itemsOf(origin: Origin, origins: Origin[]): Origin[] {
  const kind = textAt(origin.tree, 'kind');
  const apiVersion = textAt(origin.tree, 'apiVersion');
  if (!kind?.endsWith('List') || apiVersion === undefined) return [origin];
  const items = follow(origin.tree, ['items']);
  // As Kubernetes writes a list without items.
  if (items?.kind === 'scalar' && items.value === null) return [];
  if (items?.kind !== 'list') {
    new Cursor(origin).fault(['items'], 'must be a list');
    return [];
  }
  const itemKind = kind.slice(0, -'List'.length);
  return items.items.flatMap((tree, index) => {
    const faults = takeFaults(origin, `items[${index}]`);
    const own = itemKind === '' ? tree : withType(tree, { apiVersion, kind: itemKind });
    const item: Origin = {
      file: origin.file,
      document: origin.document,
      object: '',
      tree: own,
      faults,
      unread: new Set(),
    };
    origins.push(item);
    return itemsOf(item, origins);
  });
}

/** The text at `steps`, or undefined where there is none. */
export function textAt(tree: Tree, ...steps: string[]): string | undefined {
  const found = follow(tree, steps);
  return found?.kind === 'scalar' && typeof found.value === 'string' ? found.value : undefined;
}

/** Items of a list of one kind have no `kind` of their own. */
function withType(tree: Tree, type: { apiVersion: string; kind: string }): Tree {
  if (tree.kind !== 'map') return tree;
  const entries = new Map(tree.entries);
  for (const [key, value] of Object.entries(type)) {
    if (entries.has(key)) continue;
    const { place } = tree;
    const scalar: ScalarTree = { kind: 'scalar', place, value, written: value, substituted: false, broken: [] };
    entries.set(key, { keyPlace: place, value: scalar });
  }
  return { ...tree, entries };
}

/** Moves the faults of keys from the list to the item that they concern. */
function takeFaults(list: Origin, prefix: string): Origin['faults'] {
  const taken = list.faults.filter(({ path }) => path.startsWith(prefix));
  list.faults = list.faults.filter((fault) => !taken.includes(fault));
  return taken.map((fault) => ({ ...fault, path: fault.path.slice(prefix.length).replace(/^\./, '') }));
}
