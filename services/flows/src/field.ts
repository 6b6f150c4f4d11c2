import { randomUUID } from 'node:crypto';
import { checker, failedValidation, isMembers, type Members, type Micros, timestamps } from '@banyan/kit/api';
import { complaintOf, type Field, relationOf } from '@banyan/kit/fields';
import { FieldChange, NewField } from './contract.ts';
import { checkRule } from './rules.ts';

/** One member that a flow adds to its entities. */
export interface FlowField extends Omit<Field, 'target'> {
  flowId: string;
  enabled: boolean;
  /** The place of the field among the members of an entity. */
  position: number;
  createdAt: Micros;
  updatedAt: Micros;
}

const checkNew = checker(NewField);
const checkChange = checker(FieldChange);

/**
 * A new field.
 *
 * @throws ServiceError `validation_failed`: a member is wrong, or a rule does not fit the type
 */
export function madeField(data: Members, flowId: string, now: Micros): FlowField {
  const given = checkNew(data);
  const { slug, name, description, required, field_type } = given;
  const blank = {
    ...{ id: randomUUID(), flowId, field_type, unique: false, default: null, enabled: true, position: 0 },
    ...{ omit_null: false, validation_rules: [], createdAt: now, updatedAt: now },
  };
  return whole({ ...blank, slug, name, description, required }, given, data);
}

/**
 * The field with the members of a change.
 *
 * @throws ServiceError `validation_failed`: a member is wrong, or the type would change
 */
export function changedField(field: FlowField, data: Members, now: Micros): { bodyId?: string; field: FlowField } {
  const given = checkChange(data);
  if (given.field_type !== undefined && given.field_type !== field.field_type) {
    throw failedValidation([{ detail: 'The data.field_type field cannot change.', source: 'data.field_type' }]);
  }
  const next = {
    ...field,
    slug: given.slug ?? field.slug,
    name: given.name ?? field.name,
    description: given.description ?? field.description,
    required: given.required ?? field.required,
    updatedAt: now,
  };
  return { ...(given.id !== undefined && { bodyId: given.id }), field: whole(next, given, data) };
}

type Optionals = Partial<Pick<NewField, 'unique' | 'enabled' | 'order' | 'omit_null' | 'validation_rules'>>;

/** Completes a field with its optional members, and checks that they fit together. */
function whole(field: FlowField, given: Optionals, data: Members): FlowField {
  const rules = given.validation_rules?.map((rule, index) =>
    checkRule(field.field_type, rule, `data.validation_rules.${index}`),
  );
  const next: FlowField = {
    ...field,
    unique: given.unique ?? field.unique,
    enabled: given.enabled ?? field.enabled,
    position: given.order ?? field.position,
    omit_null: given.omit_null ?? field.omit_null,
    validation_rules: rules ?? field.validation_rules,
    default: 'default' in data ? data.default : field.default,
  };
  const faults = faultsOf(next, field);
  if (faults.length > 0) throw failedValidation(faults);
  return next;
}

function faultsOf(next: FlowField, before: FlowField) {
  const faults: { detail: string; source: string }[] = [];
  const fault = (member: string, complaint: string) => {
    const source = `data.${member}`;
    faults.push({ detail: `The ${source} field ${complaint}.`, source });
  };
  const relation = relationOf(next);
  if (next.field_type === 'relationship' && (relation === undefined || next.validation_rules.length > 1)) {
    fault('validation_rules', 'must hold exactly one rule, one-to-many or one-to-one');
  }
  const old = relationOf(before);
  // Stored links would have the wrong type.
  if (old !== undefined && (old.to !== relation?.to || old.toMany !== relation.toMany)) {
    fault('validation_rules', 'cannot change the relationship');
  }
  if (next.field_type === 'relationship' && (next.required || next.unique)) {
    fault(next.required ? 'required' : 'unique', 'cannot be true of a relationship');
  }
  if (next.default !== null) {
    const complaint = complaintOf(next, next.default);
    if (complaint !== undefined) fault('default', complaint);
    if (next.unique) fault('default', 'cannot be set on a unique field');
  }
  return faults;
}

/**
 * The flow that a new field names in `relationships.flow.data.id`.
 *
 * @throws ServiceError `validation_failed`: it names none
 */
export function flowIn(data: Members): string {
  const flow = isMembers(data.relationships) ? data.relationships.flow : undefined;
  const link = isMembers(flow) ? flow.data : undefined;
  const id = isMembers(link) ? link.id : undefined;
  if (typeof id === 'string' && id !== '' && !id.includes('\0')) return id;
  const source = 'data.relationships.flow.data.id';
  throw failedValidation([{ detail: `The ${source} field is required.`, source }]);
}

/** A field in the form of the API. */
export function fieldView(field: FlowField, publicUrl: string) {
  return {
    type: 'field',
    id: field.id,
    name: field.name,
    slug: field.slug,
    field_type: field.field_type,
    description: field.description,
    required: field.required,
    unique: field.unique,
    default: field.default,
    enabled: field.enabled,
    order: field.position,
    omit_null: field.omit_null,
    validation_rules: field.validation_rules,
    links: { self: `${publicUrl}/v2/fields/${field.id}` },
    relationships: { flow: { data: { type: 'flow', id: field.flowId } } },
    meta: timestamps(field.createdAt, field.updatedAt),
  };
}

/** A field as services that have entities are told of it. */
export function definitionOf(field: FlowField) {
  const { id, slug, name, description, field_type, required, unique, omit_null, validation_rules } = field;
  return {
    ...{ id, slug, name, description, field_type, required, unique },
    ...{ default: field.default, omit_null, validation_rules },
  };
}
