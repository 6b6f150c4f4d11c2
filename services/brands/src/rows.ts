import { textKey } from '@banyan/kit/api';
import type { Values } from '@banyan/kit/fields';
import type { Brand } from './domain.ts';

/** A brand as the table holds it. */
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

/** The members of a brand that change, with the keys that follow from them. */
export function writtenOf({ name, slug, description, status, updatedAt, values }: Brand) {
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

export function brandOf({ parent_id, created_at_us, updated_at_us, field_values, ...row }: Row): Brand {
  const values = JSON.parse(field_values) as Values;
  return { ...row, parentId: parent_id, createdAt: created_at_us, updatedAt: updated_at_us, values };
}
