import type { Members } from '../api/body.ts';
import { type Fault, failedValidation } from '../api/faults.ts';
import type { Field } from './field-store.ts';
import { complaintOf } from './field-value.ts';

/** Values to write, by field id; null unsets a value. */
export type NewValues = ReadonlyMap<string, unknown>;

/**
 * The values in a body. Members without a field are ignored, and so are relationship fields, which have routes of their
 * own. A new entity takes the defaults, and must have what is required.
 * @throws ShopError `validation_failed` when a value breaks a rule, or a required one is missing
 */
export function checkValues(fields: readonly Field[], data: Members, isNew: boolean): NewValues {
  const values = new Map<string, unknown>();
  const faults: Fault[] = [];
  for (const field of fields) {
    if (field.field_type === 'relationship') continue;
    const given = Object.hasOwn(data, field.slug) ? data[field.slug] : undefined;
    const value = given === undefined && isNew ? (field.default_value ?? undefined) : given;
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
