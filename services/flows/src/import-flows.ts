import { LongText, ShortText } from '@banyan/kit/api';
import type { Field } from '@banyan/kit/fields';
import { Moment, microsIn, momentOf } from '@banyan/kit/import';
import { type MariadbQueryable, statement } from '@banyan/kit/mariadb';
import Type, { type Static } from '@banyan/kit/typebox';
import { fieldTypes, Slug } from './contract.ts';
import type { FlowField } from './field.ts';
import { flowKey } from './keys.ts';
import { type FieldRow, type FlowRow, fieldColumns, fieldOf, flowColumns, flowOf, rowOfField } from './rows.ts';
import { Id } from './travel.ts';

/** A field as it travels, in its flow. */
const FieldState = Type.Object({
  id: Id,
  slug: Slug,
  name: ShortText,
  field_type: Type.Enum([...fieldTypes]),
  description: LongText,
  required: Type.Boolean(),
  is_unique: Type.Boolean(),
  /** The value of a new entity that gives none; null: no value. */
  default_value: Type.Unknown(),
  enabled: Type.Boolean(),
  position: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
  omit_null: Type.Boolean(),
  validation_rules: Type.Array(Type.Object({ type: Type.String() })),
  created_at: Moment,
  updated_at: Moment,
});
type FieldState = Static<typeof FieldState>;

/** A flow as it travels, with its fields in the order of their ids. */
export const FlowState = Type.Object({
  slug: Slug,
  name: ShortText,
  description: LongText,
  enabled: Type.Boolean(),
  created_at: Moment,
  updated_at: Moment,
  fields: Type.Array(FieldState),
});
export type FlowState = Static<typeof FlowState>;

const idsOf = "json_table(?, '$[*]' columns (id char(36) character set ascii collate ascii_bin path '$')) as incoming";
const flowsOf = `json_table(?, '$[*]' columns (
  id char(36) character set ascii collate ascii_bin path '$.id',
  slug varchar(100) character set ascii collate ascii_bin path '$.slug')) as incoming`;

const remove = statement<object, [string]>(
  'flows_import_remove',
  `delete flows from ${idsOf} straight_join flows on flows.id = incoming.id`,
);
const removeFields = statement<object, [string]>(
  'flows_import_remove_fields',
  `delete fields from ${idsOf} straight_join fields on fields.flow_id = incoming.id`,
);
const setAside = statement<object, [string]>(
  'flows_import_set_aside',
  `update ${flowsOf} straight_join flows on flows.slug_held = incoming.slug and flows.id <> incoming.id
   set flows.slug_held = null`,
);
const columns = ['id', 'slug', 'slug_held', 'name', 'description', 'enabled', 'created_at_us', 'updated_at_us'];
const put = statement<object, unknown[]>(
  'flows_import_put',
  `insert into flows (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})
   on duplicate key update ${columns.map((name) => `${name} = values(${name})`).join(', ')}`,
);
const putField = statement<object, unknown[]>(
  'flows_import_put_field',
  `insert into fields (${fieldColumns.join(', ')}) values (${fieldColumns.map(() => '?').join(', ')})`,
);
const read = statement<FlowRow, [string]>(
  'flows_import_read',
  `select ${flowColumns.replace('id,', 'flows.id,')} from ${idsOf} straight_join flows on flows.id = incoming.id`,
);
const readFields = statement<FieldRow, [string]>(
  'flows_import_read_fields',
  `select ${fieldColumns.map((name) => `fields.${name}`).join(', ')}
   from ${idsOf} straight_join fields on fields.flow_id = incoming.id order by fields.id`,
);
const countDisplaced = statement<{ count: number }>(
  'flows_import_displaced',
  'select count(*) as count from flows where slug_held is null',
);

/** Flows whose slug was set aside. */
export async function displaced(tx: MariadbQueryable): Promise<number> {
  return (await tx.query(countDisplaced, []))[0]?.count ?? 0;
}

export async function applyFlows(
  tx: MariadbQueryable,
  changes: readonly { id: string; state: FlowState | null }[],
): Promise<void> {
  if (changes.length === 0) return;
  const gone = changes.filter(({ state }) => state === null).map(({ id }) => id);
  if (gone.length > 0) await tx.run(remove, [JSON.stringify(gone)]);
  await tx.run(removeFields, [JSON.stringify(changes.map(({ id }) => id))]);
  const present = changes.flatMap(({ id, state }) => (state === null ? [] : [{ id, ...state }]));
  if (present.length === 0) return;
  await tx.run(setAside, [JSON.stringify(present.map(({ id, slug }) => ({ id, slug })))]);
  await tx.runMany(
    put,
    present.map(({ id, slug, name, description, enabled, created_at, updated_at }) => [
      ...[id, slug, slug, name, description, enabled, microsIn(created_at), microsIn(updated_at)],
    ]),
  );
  const fields = present.flatMap((flow) => flow.fields.map((field) => rowOfField(fieldIn(flow.id, field))));
  await tx.runMany(
    putField,
    fields.map((row) => fieldColumns.map((name) => row[name])),
  );
}

/** The states of those that exist, by their key. */
export async function readFlows(tx: MariadbQueryable, ids: readonly string[]): Promise<[string, FlowState][]> {
  if (ids.length === 0) return [];
  const flows = (await tx.query(read, [JSON.stringify(ids)])).map(flowOf);
  const fields = Map.groupBy((await tx.query(readFields, [JSON.stringify(ids)])).map(fieldOf), ({ flowId }) => flowId);
  return flows.map(({ id, slug, name, description, enabled, createdAt, updatedAt }) => [
    flowKey(id),
    {
      ...{ slug, name, description, enabled, created_at: momentOf(createdAt), updated_at: momentOf(updatedAt) },
      fields: (fields.get(id) ?? []).map(stateOf),
    },
  ]);
}

function fieldIn(flowId: string, state: FieldState): FlowField {
  const { id, slug, name, field_type, description, required, enabled, position, omit_null } = state;
  return {
    ...{ id, flowId, slug, name, field_type, description, required, enabled, position, omit_null },
    unique: state.is_unique,
    default: state.default_value,
    validation_rules: state.validation_rules as Field['validation_rules'],
    createdAt: microsIn(state.created_at),
    updatedAt: microsIn(state.updated_at),
  };
}

function stateOf(field: FlowField): FieldState {
  const { id, slug, name, field_type, description, required, unique, enabled, position, omit_null } = field;
  return {
    ...{ id, slug, name, field_type, description, required, is_unique: unique, enabled, position, omit_null },
    default_value: field.default,
    validation_rules: field.validation_rules,
    created_at: momentOf(field.createdAt),
    updated_at: momentOf(field.updatedAt),
  };
}
