import { isUuid } from '../api/ids.ts';
import type { Micros } from '../api/timestamps.ts';
import type { Values } from '../fields/definition.ts';
import type { GroupChange, NewGroup } from './contract.ts';
import { GroupsError, groupMissing } from './errors.ts';
import type { GroupKind } from './kind.ts';

export interface Group {
  id: string;
  parentId: string | null;
  name: string;
  slug: string;
  description: string;
  status: 'live' | 'draft';
  createdAt: Micros;
  updatedAt: Micros;
  /** Of fields that an operator added to the kind. */
  values: Values;
}

/** The id in a path. @throws GroupsError `group_missing`: the text is no id */
export function groupIdOf(kind: GroupKind, text: string): string {
  if (!isUuid(text)) throw groupMissing(kind);
  return text.toLowerCase();
}

/** A new group: a draft unless it says otherwise. */
export function madeOf(
  { name, slug, description = '', status = 'draft' }: Omit<NewGroup, 'type'>,
  id: string,
  now: Micros,
): Group {
  return { id, parentId: null, name, slug, description, status, createdAt: now, updatedAt: now, values: {} };
}

/** The group with the members of a change. */
export function changedBy(group: Group, change: GroupChange, now: Micros): Group {
  const { name = group.name, slug = group.slug, description = group.description, status = group.status } = change;
  return { ...group, name, slug, description, status, updatedAt: now };
}

/**
 * @param line the ids of the parent and of all groups above it
 * @throws GroupsError `under_itself`: one of the children is the parent, or is above it
 */
export function requireNotAbove({ type }: GroupKind, line: readonly string[], childIds: readonly string[]): void {
  if (childIds.some((id) => line.includes(id))) {
    throw new GroupsError('under_itself', { detail: `A ${type} cannot be under itself.`, source: 'data.id' });
  }
}
