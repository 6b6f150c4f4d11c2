import type { Origin } from '../tree/cursor.ts';
import { follow, formatPath, placeOf, type Step, type Tree } from '../tree/tree.ts';
import { emptyMap, isNull, mergeTrees, ownerAmong } from './merge.ts';
import type { PolicyKind, PolicyLayer } from './policy-layers.ts';

/** The policies of one object, and which of them gives each value. */
export interface PolicySource {
  kind: 'Service' | 'HTTPRoute';
  name: string;
  /** The most specific first. */
  layers: { policy: string; by: string; place: string }[];
  /** Fields that a document states; all others have the defaults of the mesh. `null`: the document takes the field away. */
  values: { field: string; value: string; policy: string; place: string }[];
}

/** @param layers the most general first */
export function sourceOf(
  kind: PolicySource['kind'],
  name: string,
  layers: readonly PolicyLayer<PolicyKind>[],
): PolicySource {
  const origins = layers.map(({ document }) => document.at.origin);
  const merged = origins.reduce<Tree>(
    (below, { tree }) => mergeTrees(below, follow(tree, ['spec']) ?? emptyMap(), true),
    emptyMap(),
  );
  const values = leavesOf(merged, [])
    .filter(({ steps: [first] }) => first !== 'targetRefs' && first !== 'targetSelectors')
    .map(({ steps, tree }) => {
      const path = ['spec', ...steps];
      const owner = isNull(tree) ? whoTakesAway(origins, path) : ownerAmong(origins, path);
      return { field: formatPath(steps), value: textOf(tree), policy: owner.object, place: placeText(owner, path) };
    });
  return {
    kind,
    name,
    layers: layers
      .map(({ document: { at }, by }) => ({ policy: at.origin.object, by, place: placeText(at.origin, []) }))
      .reverse(),
    values,
  };
}

/** The most specific document with a null there: a more general one is of no account. */
function whoTakesAway(origins: readonly Origin[], path: readonly Step[]): Origin {
  const found = origins.findLast(({ tree }) => {
    const value = follow(tree, path);
    return value !== undefined && isNull(value);
  });
  return found ?? ownerAmong(origins, path);
}

const placeText = (origin: Origin, steps: readonly Step[]): string =>
  `${origin.file}:${placeOf(origin.tree, steps).line}`;

function leavesOf(tree: Tree, steps: readonly Step[]): { steps: readonly Step[]; tree: Tree }[] {
  if (tree.kind !== 'map' || tree.entries.size === 0) return [{ steps, tree }];
  return [...tree.entries].flatMap(([key, { value }]) => leavesOf(value, [...steps, key]));
}

/** As written, so with the names of variables, whose values may be secrets. Entries of lists that are mappings are counted only. */
function textOf(tree: Tree): string {
  if (tree.kind === 'scalar') return tree.written;
  if (tree.kind === 'map') return '{}';
  const items = tree.items.map((item) => (item.kind === 'scalar' ? item.written : titleOf(item)));
  return `[${items.join(', ')}]`;
}

function titleOf(tree: Tree): string {
  const title = follow(tree, ['type']) ?? follow(tree, ['method']);
  return title?.kind === 'scalar' ? title.written : '{…}';
}
