import { badRequest } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import type { Bindings } from '../api/sql.ts';
import type { FilterTerm, Operator } from './filter.ts';

/** How to filter by one field: its operators, and the SQL condition of a term. Values are bound parameters. */
export interface FilterField {
  ops: readonly Operator[];
  condition(term: FilterTerm, bindings: Bindings): string;
}

export type FilterFields = Readonly<Record<string, FilterField>>;

const comparisons = { eq: '=', gt: '>', ge: '>=', lt: '<', le: '<=' } as const;

/**
 * Translates terms into SQL conditions.
 * @throws ShopError `bad_request` when the resource does not support a field or an operator
 */
export function filterConditions(terms: readonly FilterTerm[], fields: FilterFields, bindings: Bindings): string[] {
  return terms.map((term) => {
    const field = Object.hasOwn(fields, term.field) ? fields[term.field] : undefined;
    if (field === undefined) throw badRequest(`The field ${term.field} cannot be filtered`);
    if (!field.ops.includes(term.op)) throw badRequest(`The field ${term.field} does not support ${term.op}`);
    return field.condition(term, bindings);
  });
}

/** Text. `eq` is exact; `like` ignores case, and `*` matches any text. */
export function textField(column: string, ops: readonly Operator[] = ['eq', 'like', 'in']): FilterField {
  return {
    ops,
    condition({ op, values }, bindings) {
      if (op === 'like') return `${column} ilike ${bindings.add(likePattern(values[0] ?? ''))}`;
      return `${column} = any(${bindings.add(values)}::text[])`;
    },
  };
}

/** An id. Text that is not a UUID matches nothing. In `pattern`, `$` marks the placeholder of a uuid[]. */
export function uuidField(pattern: string): FilterField {
  return {
    ops: ['eq', 'in'],
    condition({ values }, bindings) {
      return pattern.replace('$', () => bindings.add(values.filter(isUuid)));
    },
  };
}

export function booleanField(column: string): FilterField {
  return {
    ops: ['eq'],
    condition({ field, values }, bindings) {
      const value = values[0]?.toLowerCase();
      if (value !== 'true' && value !== 'false') throw badRequest(`The field ${field} takes true or false`);
      return `${column} = ${bindings.add(value === 'true')}`;
    },
  };
}

/** A whole number, such as an amount in minor units. */
export function integerField(column: string): FilterField {
  return {
    ops: ['eq', 'gt', 'ge', 'lt', 'le'],
    condition({ op, field, values }, bindings) {
      const value = Number(values[0]);
      if (!Number.isSafeInteger(value)) throw badRequest(`The field ${field} takes a whole number`);
      return `${column} ${comparisons[op as keyof typeof comparisons]} ${bindings.add(value)}::bigint`;
    },
  };
}

/** A moment: RFC 3339, milliseconds since the epoch, or a date (UTC). With `eq`, a date means the whole day. */
export function timeField(column: string): FilterField {
  return {
    ops: ['eq', 'gt', 'ge', 'lt', 'le'],
    condition({ op, field, values }, bindings) {
      const text = values[0] ?? '';
      const moment = parseMoment(text);
      if (moment === undefined) throw badRequest(`The field ${field} takes a date or a timestamp`);
      const bound = bindings.add(moment.toISOString());
      if (op === 'eq' && isDate(text)) {
        return `${column} >= ${bound}::timestamptz and ${column} < ${bound}::timestamptz + interval '1 day'`;
      }
      return `${column} ${comparisons[op as keyof typeof comparisons]} ${bound}::timestamptz`;
    },
  };
}

/** `*` is the wildcard of the API; the special characters of LIKE are escaped. */
export function likePattern(value: string): string {
  return value.replaceAll(/[\\%_]/g, (special) => `\\${special}`).replaceAll('*', '%');
}

function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text);
}

function parseMoment(text: string): Date | undefined {
  if (!/^(\d{10,15}|\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:?\d{2})?)?)$/i.test(text)) return undefined;
  const moment = new Date(/^\d+$/.test(text) ? Number(text) : text);
  return Number.isNaN(moment.getTime()) || moment.getUTCFullYear() > 9999 ? undefined : moment;
}
