import { badRequest } from './faults.ts';
import { type FilterTerm, type Operator, parseFilter } from './filter.ts';
import { isUuid } from './ids.ts';

/** How a resource can be filtered by a field: the type of its values, and its operators where they are fewer. */
export interface FilterField {
  type: keyof typeof operatorsOf;
  ops?: readonly Operator[];
}

export type FilterFields = Readonly<Record<string, FilterField>>;

const comparisons = ['eq', 'gt', 'ge', 'lt', 'le'] as const;
const operatorsOf = {
  /** `eq` and `in` are exact; `like` ignores the case of A to Z, and `*` matches any text. */
  text: ['eq', 'like', 'in'],
  /** A UUID. Other text matches nothing. */
  id: ['eq', 'in'],
  boolean: ['eq'],
  /** A whole number, such as an amount in minor units. */
  integer: comparisons,
  /** RFC 3339, milliseconds since the epoch, or a date (UTC). With `eq`, a date means the whole day. */
  moment: comparisons,
} as const satisfies Record<string, readonly Operator[]>;

/** One condition on a field, free of any store. All conditions of a filter must hold. */
export type Condition = { field: string } & (
  | { is: 'in'; values: readonly string[] }
  | { is: 'like'; pattern: string }
  | { is: 'eq' | 'gt' | 'ge' | 'lt' | 'le'; value: number | boolean }
);

/**
 * Reads the parameter `filter`. Without one, or with a blank one, there are no conditions. Moments become microseconds
 * since the epoch, ids lower case.
 *
 * @throws ServiceError `bad_request`: the text is not a filter, or the resource has no such field or operator
 */
export function readFilter(text: string | undefined, fields: FilterFields): Condition[] {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' ? [] : parseFilter(trimmed).flatMap((term) => conditionsOf(term, fields));
}

function conditionsOf(term: FilterTerm, fields: FilterFields): Condition[] {
  const { op, field: name, values } = term;
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (field === undefined) throw badRequest(`The field ${name} cannot be filtered`);
  const ops: readonly Operator[] = field.ops ?? operatorsOf[field.type];
  if (!ops.includes(op)) throw badRequest(`The field ${name} does not support ${op}`);
  const [value = ''] = values;
  switch (field.type) {
    case 'text':
      return [op === 'like' ? { field: name, is: 'like', pattern: value } : { field: name, is: 'in', values }];
    case 'id':
      return [{ field: name, is: 'in', values: values.filter(isUuid).map((id) => id.toLowerCase()) }];
    case 'boolean':
      return [{ field: name, is: 'eq', value: booleanOf(name, value) }];
    case 'integer':
      return [{ field: name, is: op as 'eq', value: integerOf(name, value) }];
    case 'moment':
      return momentConditions(name, op as 'eq', value);
  }
}

function booleanOf(name: string, text: string): boolean {
  const value = text.toLowerCase();
  if (value !== 'true' && value !== 'false') throw badRequest(`The field ${name} takes true or false`);
  return value === 'true';
}

function integerOf(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw badRequest(`The field ${name} takes a whole number`);
  return value;
}

const dayMicros = 86_400_000_000;

function momentConditions(field: string, is: 'eq' | 'gt' | 'ge' | 'lt' | 'le', text: string): Condition[] {
  const moment = momentOf(text);
  if (moment === undefined) throw badRequest(`The field ${field} takes a date or a timestamp`);
  if (is !== 'eq' || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return [{ field, is, value: moment }];
  return [
    { field, is: 'ge', value: moment },
    { field, is: 'lt', value: moment + dayMicros },
  ];
}

function momentOf(text: string): number | undefined {
  if (!/^(\d{10,15}|\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:?\d{2})?)?)$/i.test(text)) return undefined;
  const moment = new Date(/^\d+$/.test(text) ? Number(text) : text);
  return Number.isNaN(moment.getTime()) || moment.getUTCFullYear() > 9999 ? undefined : moment.getTime() * 1_000;
}
