import { hash } from 'node:crypto';
import type { Field, Values } from '@banyan/kit/fields';
import type { Entry } from './entry.ts';
import type { FlowField } from './field.ts';
import type { Flow } from './flow.ts';
import type { FieldType } from './rules.ts';

/** A flow as the table holds it. */
export interface FlowRow {
  id: string;
  slug: string;
  name: string;
  description: string;
  enabled: number;
  created_at_us: number;
  updated_at_us: number;
}
export const flowColumns = 'id, slug, name, description, enabled, created_at_us, updated_at_us';

export function flowOf({ created_at_us, updated_at_us, enabled, ...row }: FlowRow): Flow {
  return { ...row, enabled: Boolean(enabled), createdAt: created_at_us, updatedAt: updated_at_us };
}

/** A field as the table holds it. */
export interface FieldRow {
  id: string;
  flow_id: string;
  slug: string;
  name: string;
  field_type: FieldType;
  description: string;
  required: number;
  is_unique: number;
  /** JSON. */
  default_value: string;
  enabled: number;
  position: number;
  omit_null: number;
  /** JSON. */
  validation_rules: string;
  created_at_us: number;
  updated_at_us: number;
}
export const fieldColumns = [
  ...(['id', 'flow_id', 'slug', 'name', 'field_type', 'description', 'required', 'is_unique'] as const),
  ...(['default_value', 'enabled', 'position', 'omit_null', 'validation_rules'] as const),
  ...(['created_at_us', 'updated_at_us'] as const),
];

export function fieldOf(row: FieldRow): FlowField {
  const { id, flow_id: flowId, slug, name, field_type, description, position } = row;
  return {
    ...{ id, flowId, slug, name, field_type, description, position },
    required: Boolean(row.required),
    unique: Boolean(row.is_unique),
    default: JSON.parse(row.default_value),
    enabled: Boolean(row.enabled),
    omit_null: Boolean(row.omit_null),
    validation_rules: JSON.parse(row.validation_rules) as Field['validation_rules'],
    createdAt: row.created_at_us,
    updatedAt: row.updated_at_us,
  };
}

export function rowOfField(field: FlowField): Record<(typeof fieldColumns)[number], string | number | boolean> {
  const { id, flowId, slug, name, field_type, description, required, unique, enabled, position, omit_null } = field;
  return {
    ...{ id, flow_id: flowId, slug, name, field_type, description, required, is_unique: unique },
    ...{ default_value: JSON.stringify(field.default), enabled, position, omit_null },
    validation_rules: JSON.stringify(inStoredOrder(field.validation_rules)),
    ...{ created_at_us: field.createdAt, updated_at_us: field.updatedAt },
  };
}

/**
 * A value with the members of its objects in the order of PostgreSQL's jsonb, by length and then bytewise. Clients read
 * rules in that order, whichever side stores them.
 */
export function inStoredOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(inStoredOrder);
  const members = Object.entries(value).map(([name, member]) => ({ name: Buffer.from(name), member }));
  members.sort((a, b) => a.name.length - b.name.length || Buffer.compare(a.name, b.name));
  return Object.fromEntries(members.map(({ name, member }) => [name.toString(), inStoredOrder(member)]));
}

/** An entry as the table holds it. */
export interface EntryRow {
  id: string;
  flow_id: string;
  created_at_us: number;
  updated_at_us: number;
}
export const entryColumns = 'id, flow_id, created_at_us, updated_at_us';

export function entryOf({ id, flow_id, created_at_us, updated_at_us }: EntryRow, values: Values = {}): Entry {
  return { id, flowId: flow_id, createdAt: created_at_us, updatedAt: updated_at_us, values };
}

/** The value of an entry as the table holds it. */
export interface ValueRow {
  entry_id: string;
  field_id: string;
  /** JSON. */
  value: string;
}

/** Rows of values: the id of the entry, that of the field, JSON, and its hash. */
export function valueRows(entryId: string, values: Iterable<readonly [string, unknown]>) {
  return [...values].map(([fieldId, value]): [string, string, string, Buffer] => {
    const text = JSON.stringify(value);
    return [entryId, fieldId, text, hashOf(text)];
  });
}

/** SHA-256 of the JSON of a value: the same value is always written alike. */
export const hashOf = (json: string): Buffer => hash('sha256', json, 'buffer');

/** Values by the id of the entry. */
export function valuesByEntry(rows: readonly ValueRow[]): Map<string, Values> {
  const byEntry = Map.groupBy(rows, ({ entry_id }) => entry_id);
  return new Map(
    [...byEntry].map(([id, some]) => [
      id,
      Object.fromEntries(some.map(({ field_id, value }) => [field_id, JSON.parse(value) as unknown])),
    ]),
  );
}
