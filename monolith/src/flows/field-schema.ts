import { randomUUID } from 'node:crypto';
import Type, { type Static } from 'typebox';
import { isMembers, type Members } from '../api/body.ts';
import { type Fault, failedValidation } from '../api/faults.ts';
import { LongText, ShortText } from '../api/text.ts';
import { checker } from '../api/validate.ts';
import type { Field } from './field-store.ts';
import { fieldTypes } from './field-types.ts';
import { complaintOf } from './field-value.ts';
import { checkRule, type Rule, relationOf } from './rules.ts';
import { Slug } from './slug.ts';

const optional = {
  unique: Type.Optional(Type.Boolean()),
  enabled: Type.Optional(Type.Boolean()),
  order: Type.Optional(Type.Union([Type.Integer({ minimum: 0, maximum: 1_000_000 }), Type.Null()])),
  omit_null: Type.Optional(Type.Boolean()),
  validation_rules: Type.Optional(Type.Array(Type.Object({ type: Type.String() }), { maxItems: 20 })),
};

export const NewField = Type.Object({
  type: Type.Literal('field'),
  name: ShortText,
  slug: Slug,
  field_type: Type.Enum([...fieldTypes]),
  description: LongText,
  required: Type.Boolean(),
  ...optional,
});
const checkNew = checker(NewField);
const checkChange = checker(Type.Partial(Type.Object({ ...NewField.properties, id: Type.String() })));

/**
 * A new field.
 * @throws ShopError `validation_failed` when a member is wrong or a rule does not fit the type
 */
export function newField(data: Members, flowId: string, now: Date): Field {
  const given = checkNew(data);
  const blank = {
    ...{ id: randomUUID(), flow_id: flowId, field_type: given.field_type, is_unique: false, default_value: null },
    ...{ enabled: true, position: 0, omit_null: false, validation_rules: [], created_at: now, updated_at: now },
  };
  const { slug, name, description, required } = given;
  return whole({ ...blank, slug, name, description, required }, given, data);
}

/**
 * A field with the given members replaced.
 * @throws ShopError `validation_failed` when a member is wrong, or the type would change
 */
export function changedField(field: Field, data: Members, now: Date): { bodyId: string | undefined; field: Field } {
  const given = checkChange(data);
  if (given.field_type !== undefined && given.field_type !== field.field_type) {
    throw failedValidation([{ detail: 'The data.field_type field cannot change.', source: 'data.field_type' }]);
  }
  const { slug, name, description, required } = given;
  const next = {
    ...field,
    slug: slug ?? field.slug,
    name: name ?? field.name,
    description: description ?? field.description,
    required: required ?? field.required,
    updated_at: now,
  };
  return { bodyId: given.id, field: whole(next, given, data) };
}

type Optionals = Partial<Pick<Static<typeof NewField>, keyof typeof optional>>;

/** Completes a field with its optional members, and checks that they fit together. */
function whole(field: Field, given: Optionals, data: Members): Field {
  const rules =
    given.validation_rules?.map((rule, index) => checkRule(field.field_type, rule, `data.validation_rules.${index}`)) ??
    field.validation_rules;
  const next: Field = {
    ...field,
    is_unique: given.unique ?? field.is_unique,
    enabled: given.enabled ?? field.enabled,
    position: given.order ?? field.position,
    omit_null: given.omit_null ?? field.omit_null,
    validation_rules: rules,
    default_value: 'default' in data ? data.default : field.default_value,
  };
  const faults = faultsOf(next, field, rules);
  if (faults.length > 0) throw failedValidation(faults);
  return next;
}

function faultsOf(next: Field, before: Field, rules: readonly Rule[]): Fault[] {
  const faults: Fault[] = [];
  const fault = (member: string, complaint: string) => {
    const source = `data.${member}`;
    faults.push({ detail: `The ${source} field ${complaint}.`, source });
  };
  const relation = relationOf(rules);
  if (next.field_type === 'relationship' && (relation === undefined || rules.length > 1)) {
    fault('validation_rules', 'must hold exactly one rule, one-to-many or one-to-one');
  }
  const old = relationOf(before.validation_rules);
  // Stored links would have the wrong type.
  if (old !== undefined && (old.to !== relation?.to || old.toMany !== relation.toMany)) {
    fault('validation_rules', 'cannot change the relationship');
  }
  if (next.field_type === 'relationship' && (next.required || next.is_unique)) {
    fault(next.required ? 'required' : 'unique', 'cannot be true of a relationship');
  }
  if (next.default_value !== null) {
    const complaint = complaintOf(next, next.default_value);
    if (complaint !== undefined) fault('default', complaint);
    if (next.is_unique) fault('default', 'cannot be set on a unique field');
  }
  return faults;
}

/**
 * The flow that a new field names in `relationships.flow.data.id`.
 * @throws ShopError `validation_failed` when it names none
 */
export function flowIn(data: Members): string {
  const flow = isMembers(data.relationships) ? data.relationships.flow : undefined;
  const link = isMembers(flow) ? flow.data : undefined;
  const id = isMembers(link) ? link.id : undefined;
  if (typeof id === 'string' && id !== '' && !id.includes('\0')) return id;
  const source = 'data.relationships.flow.data.id';
  throw failedValidation([{ detail: `The ${source} field is required.`, source }]);
}
