import type { Field, Rule } from './definition.ts';
import { fieldMoment } from './moment.ts';

/** The longest text, in UTF-16 code units. */
const maxText = 65_536;

type FieldType = Field['field_type'];

const fits: Readonly<Record<FieldType, (value: unknown) => boolean>> = {
  string: (value) =>
    typeof value === 'string' && value.length <= maxText && value.isWellFormed() && !value.includes('\0'),
  integer: Number.isSafeInteger,
  float: Number.isFinite,
  boolean: (value) => typeof value === 'boolean',
  date: (value) => typeof value === 'string' && fieldMoment(value) !== undefined,
  // Links have routes of their own.
  relationship: () => false,
};

const typeNames: Readonly<Record<FieldType, string>> = {
  string: 'a text',
  integer: 'a whole number',
  float: 'a number',
  boolean: 'true or false',
  date: 'a date, such as 2018-05-10 or 2018-05-10 14:11:32',
  relationship: 'set by its relationship',
};

/** The complaint about a value of a field, to follow `The data.x field`; undefined if the value is right. */
export function complaintOf(field: Pick<Field, 'field_type' | 'validation_rules'>, value: unknown): string | undefined {
  if (!fits[field.field_type](value)) return `must be ${typeNames[field.field_type]}`;
  for (const rule of field.validation_rules) {
    const complaint = brokenRule(rule, value as string | number | boolean);
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}

function brokenRule(rule: Rule, value: string | number | boolean): string | undefined {
  switch (rule.type) {
    case 'enum':
      return rule.options.includes(value) ? undefined : `must be one of ${rule.options.join(', ')}`;
    case 'between': {
      const { from, to } = rule.options;
      const between = rank(value) >= rank(from) && rank(value) <= rank(to);
      return between ? undefined : `must be between ${from} and ${to}`;
    }
    case 'email':
      return /^[^@\s]+@[^@\s]+$/.test(String(value)) ? undefined : "does not match format 'email'";
    case 'slug':
      return /^[a-z0-9]+(?:[-_][a-z0-9]+)*$/i.test(String(value)) ? undefined : "does not match format 'slug'";
    default:
      return undefined;
  }
}

/** A number that orders values: of a date, its milliseconds. */
function rank(value: string | number | boolean): number {
  return typeof value === 'string' ? (fieldMoment(value) ?? Number.NaN) : Number(value);
}
