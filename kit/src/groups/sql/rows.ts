import { textKey } from '../../api/text-key.ts';
import type { Values } from '../../fields/definition.ts';
import type { Group } from '../group.ts';

/** A group as the table holds it. */
export interface Row {
  id: string;
  parent_id: string | null;
  name: string;
  slug: string;
  description: string;
  status: 'live' | 'draft';
  created_at_us: number;
  updated_at_us: number;
  /** JSON. */
  field_values: string;
}

/** The columns of a {@link Row}. */
export const rowColumns = [
  ...['id', 'parent_id', 'name', 'slug', 'description', 'status', 'created_at_us', 'updated_at_us', 'field_values'],
];

/** The members of a group that change, with the keys that follow from them. */
export function writtenOf({ name, slug, description, status, updatedAt, values }: Group) {
  return {
    name,
    name_key: textKey(name),
    slug,
    slug_key: textKey(slug),
    slug_held: Buffer.from(slug, 'utf8'),
    description,
    description_key: textKey(description),
    status,
    updated_at_us: updatedAt,
    field_values: JSON.stringify(values),
  };
}

/** A whole new row. */
export const rowOf = (group: Group) => ({
  ...{ id: group.id, parent_id: group.parentId, created_at_us: group.createdAt },
  ...writtenOf(group),
});

export function groupOf({ parent_id, created_at_us, updated_at_us, field_values, ...row }: Row): Group {
  const values = JSON.parse(field_values) as Values;
  return { ...row, parentId: parent_id, createdAt: created_at_us, updatedAt: updated_at_us, values };
}
