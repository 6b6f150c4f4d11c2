import type { Members } from '../api/body.ts';
import type { Queryable } from '../db.ts';
import type { Debts } from '../debts.ts';
import { activeFields, type Field } from './field-store.ts';
import type { Owner } from './owners.ts';
import { relationOf } from './rules.ts';

/** A link, as in `relationships`. */
export interface Link {
  type: string;
  id: string;
}

/** What fields add to one entity. */
export interface FieldMembers {
  members: Members;
  relationships: Record<string, { data: Link | readonly Link[] | null }>;
}

/** Stored values by owner, then by field id. */
type Values = Map<string, Map<string, unknown>>;

interface ValueRow {
  owner_id: string;
  field_id: string;
  value: unknown;
}

/** The field members of a page of entities. */
export class FieldValues {
  readonly fields: readonly Field[];
  readonly #values: Values;

  constructor(fields: readonly Field[], values: Values) {
    this.fields = fields;
    this.#values = values;
  }

  /** The stored value; null if there is none. */
  value(ownerId: string, fieldId: string): unknown {
    return this.#values.get(ownerId)?.get(fieldId) ?? null;
  }

  /** The stored values of the fields that an entity has now, by field id. */
  stored(ownerId: string): Map<string, unknown> {
    const own = this.#values.get(ownerId) ?? new Map<string, unknown>();
    return new Map([...own].filter(([id]) => this.fields.some((field) => field.id === id)));
  }

  /** The members that the fields add to an entity. */
  of(ownerId: string): FieldMembers {
    const members: Members = {};
    const relationships: FieldMembers['relationships'] = {};
    for (const { id, slug, omit_null, validation_rules } of this.fields) {
      const value = this.value(ownerId, id);
      if (value === null && omit_null) continue;
      const relation = relationOf(validation_rules);
      if (relation === undefined) members[slug] = value;
      else relationships[slug] = { data: value === null && relation.toMany ? [] : (value as Link | Link[] | null) };
    }
    return { members, relationships };
  }

  /** A view of an entity with its field members. They come first, so that none can hide a member of the entity. */
  onto<View extends { id: string }>(view: View): View {
    if (this.fields.length === 0) return view;
    const { members, relationships } = this.of(view.id);
    const linked = Object.keys(relationships).length > 0;
    const own = (view as { relationships?: Members }).relationships;
    return { ...members, ...view, ...(linked && { relationships: { ...relationships, ...own } }) };
  }
}

/** Reads the fields of a core entity, and the values of the entities with these ids. */
export async function loadValues(
  db: Queryable,
  debts: Debts,
  owner: Owner,
  ids: readonly string[],
): Promise<FieldValues> {
  return valuesOf(db, debts, owner.values, await activeFields(db, owner.slug), ids);
}

/** Reads values from a table. Without fields or ids there is no query. */
export async function valuesOf(
  db: Queryable,
  debts: Debts,
  table: string,
  fields: readonly Field[],
  ids: readonly string[],
): Promise<FieldValues> {
  const values: Values = new Map();
  if (fields.length === 0 || ids.length === 0) return new FieldValues(fields, values);
  // Debt 30: a page of a hundred entities sends a hundred queries, one after the other.
  const pages = debts.owed('flow-values-one-by-one') ? [...new Set(ids)].map((id) => [id]) : [ids];
  for (const page of pages) {
    const { rows } = await db.query<ValueRow>(
      `select owner_id, field_id, value from ${table} where owner_id = any($1)`,
      [page],
    );
    for (const { owner_id, field_id, value } of rows) {
      const ofOwner = values.get(owner_id) ?? new Map<string, unknown>();
      values.set(owner_id, ofOwner.set(field_id, value));
    }
  }
  return new FieldValues(fields, values);
}
