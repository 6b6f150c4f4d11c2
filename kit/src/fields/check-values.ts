import type { Members } from '../api/body.ts';
import { failedValidation, taken } from '../api/faults.ts';
import type { FaultDetails } from '../service/errors.ts';
import type { Field, NewValues, Values } from './definition.ts';
import { complaintOf } from './field-value.ts';

/**
 * The values in a body. Members without a field are ignored, and so are relationship fields, which have routes of their
 * own. A new entity takes the defaults, and must have what is required.
 *
 * @param data the members of the entity in a request
 * @throws ServiceError `validation_failed`: a value breaks a rule, or a required one is missing
 */
export function checkValues(fields: readonly Field[], data: Members, isNew: boolean): NewValues {
  const values = new Map<string, unknown>();
  const faults: FaultDetails[] = [];
  for (const field of fields) {
    if (field.field_type === 'relationship') continue;
    const given = Object.hasOwn(data, field.slug) ? data[field.slug] : undefined;
    const value = given === undefined && isNew ? (field.default ?? undefined) : given;
    const complaint = complaintAbout(field, value, isNew);
    const source = `data.${field.slug}`;
    if (complaint !== undefined) faults.push({ detail: `The ${source} field ${complaint}.`, source });
    else if (value !== undefined) values.set(field.id, value);
  }
  if (faults.length > 0) throw failedValidation(faults);
  return values;
}

function complaintAbout(field: Field, value: unknown, isNew: boolean): string | undefined {
  if (value === undefined || value === null) {
    return field.required && (isNew || value === null) ? 'is required' : undefined;
  }
  return complaintOf(field, value);
}

/** The values of an entity after a write. An unset value leaves no trace. */
export function written(values: Values, given: NewValues): Values {
  const unset = [...given].filter(([, value]) => value === null).map(([id]) => id);
  const kept = Object.entries(values).filter(([id]) => !unset.includes(id));
  return { ...Object.fromEntries(kept), ...Object.fromEntries([...given].filter(([, value]) => value !== null)) };
}

/** Whether another entity has a value. Asked inside the transaction of the write, one field after the other. */
export type IsTaken = (field: Field, value: unknown) => Promise<boolean>;

/**
 * Makes sure that no other entity has the value of a unique field. The service's store decides: it knows its entities,
 * and it makes two writes of one unique field wait for each other.
 *
 * @throws ServiceError `validation_failed`: a value is taken
 */
export async function requireUnique(fields: readonly Field[], given: NewValues, isTaken: IsTaken): Promise<void> {
  for (const field of fields) {
    const value = field.unique ? (given.get(field.id) ?? null) : null;
    if (value !== null && (await isTaken(field, value))) throw taken(`data.${field.slug}`);
  }
}
