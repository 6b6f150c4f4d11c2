import { isUuid } from '../api/ids.ts';
import type { Queryable } from '../db.ts';
import type { FieldType } from './field-types.ts';
import type { Rule } from './rules.ts';

/** One member that a flow adds to its entities. */
export interface Field {
  id: string;
  flow_id: string;
  slug: string;
  name: string;
  field_type: FieldType;
  description: string;
  required: boolean;
  is_unique: boolean;
  /** The value of a new entity that gives none; null: no value. */
  default_value: unknown;
  enabled: boolean;
  position: number;
  omit_null: boolean;
  validation_rules: Rule[];
  created_at: Date;
  updated_at: Date;
}

const names = [
  ...['id', 'flow_id', 'slug', 'name', 'field_type', 'description', 'required', 'is_unique', 'default_value'],
  ...['enabled', 'position', 'omit_null', 'validation_rules', 'created_at', 'updated_at'],
];
const columns = names.map((name) => `f.${name}`).join(', ');
const order = 'order by f.position, f.created_at, f.id';

/** The fields that entities of a flow have now; none if there is no such flow, or it is disabled. */
export async function activeFields(db: Queryable, flowSlug: string): Promise<Field[]> {
  const { rows } = await db.query<Field>(
    `select ${columns} from flow_fields f join flows w on w.id = f.flow_id
     where w.slug = $1 and w.enabled and f.enabled ${order}`,
    [flowSlug],
  );
  return rows;
}

/** All fields, or those of one flow, disabled ones included. */
export async function listFields(db: Queryable, flowId?: string): Promise<Field[]> {
  const text = `select ${columns} from flow_fields f where $1::uuid is null or f.flow_id = $1`;
  const sorted = flowId === undefined ? 'order by f.created_at, f.id' : order;
  return (await db.query<Field>(`${text} ${sorted}`, [flowId ?? null])).rows;
}

export async function findField(db: Queryable, id: string, lock?: 'for update'): Promise<Field | undefined> {
  if (!isUuid(id)) return undefined;
  const text = `select ${columns} from flow_fields f where f.id = $1 ${lock ?? ''}`;
  return (await db.query<Field>(text, [id])).rows[0];
}

export async function countFields(db: Queryable, flowId: string): Promise<number> {
  const text = 'select count(*)::integer as fields from flow_fields where flow_id = $1';
  return (await db.query<{ fields: number }>(text, [flowId])).rows[0]?.fields ?? 0;
}

/** Inserts a field, or replaces the field with its id. */
export async function saveField(db: Queryable, field: Field): Promise<void> {
  const values = [
    ...[field.id, field.flow_id, field.slug, field.name, field.field_type, field.description, field.required],
    ...[field.is_unique, field.default_value === null ? null : JSON.stringify(field.default_value), field.enabled],
    ...[field.position, field.omit_null, JSON.stringify(field.validation_rules), field.created_at, field.updated_at],
  ];
  await db.query(
    `insert into flow_fields (${names.join(', ')}) values (${names.map((_, index) => `$${index + 1}`).join(', ')})
     on conflict (id) do update set slug = excluded.slug, name = excluded.name, description = excluded.description,
       required = excluded.required, is_unique = excluded.is_unique, default_value = excluded.default_value,
       enabled = excluded.enabled, position = excluded.position, omit_null = excluded.omit_null,
       validation_rules = excluded.validation_rules, updated_at = excluded.updated_at`,
    values,
  );
}
