import { timestamps } from '../api/timestamps.ts';
import type { Field } from '../fields/definition.ts';
import { withFields } from '../fields/shown.ts';
import type { Group } from './group.ts';
import type { GroupKind } from './kind.ts';

/** What is shown with groups, by the id of the group. Only what the caller may see. */
export interface Related {
  /** In the default order of members. Absent without members. */
  members: ReadonlyMap<string, readonly string[]>;
  /** In the default order of groups. Absent without children. */
  children: ReadonlyMap<string, readonly string[]>;
  parents: ReadonlySet<string>;
  /** The fields that groups of the kind have now. */
  fields: readonly Field[];
}

/** A group in the form of the API. */
export function groupView(kind: GroupKind, group: Group, { members, children, parents, fields }: Related) {
  const { id, parentId, name, slug, description, status } = group;
  const { type } = kind;
  const [memberIds, childIds] = [members.get(id), children.get(id)];
  const links = (of: string, ids: readonly string[]) => ({ data: ids.map((one) => ({ type: of, id: one })) });
  return withFields(fields, group.values, {
    id,
    type,
    name,
    slug,
    description,
    status,
    meta: timestamps(group.createdAt, group.updatedAt),
    relationships: {
      ...(memberIds && { [kind.members.plural]: links(kind.members.type, memberIds) }),
      ...(parentId !== null && parents.has(parentId) && { parent: { data: { type, id: parentId } } }),
      ...(childIds && { children: links(type, childIds) }),
    },
  });
}

export interface TreeNode {
  id: string;
  type: string;
  status: string;
  name: string;
  slug: string;
  description: string;
  /** Absent on a leaf. */
  children?: TreeNode[];
}

/**
 * The trees of groups, with those that have no parent at the top. A group whose parent is absent is left out with all below
 * it.
 *
 * @param groups in the default order
 */
export function treeOf({ type }: GroupKind, groups: readonly Group[]): TreeNode[] {
  const byParent = Map.groupBy(groups, ({ parentId }) => parentId);
  const below = (parentId: string | null): TreeNode[] =>
    (byParent.get(parentId) ?? []).map(({ id, status, name, slug, description }) => {
      const children = below(id);
      return { id, type, status, name, slug, description, ...(children.length > 0 && { children }) };
    });
  return below(null);
}
