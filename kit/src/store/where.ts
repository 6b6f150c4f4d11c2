import type { Condition } from '../api/conditions.ts';
import { likeEscape, likeKey } from '../api/text-key.ts';

/** The column of a field, and the column of its key (`textKey`), which `like` matches. */
export type FilterColumns = Readonly<Record<string, { column: string; key?: string }>>;

/** A condition of SQL, with `?` for each value. */
export interface Where {
  text: string;
  values: (string | number | boolean | Buffer)[];
}

/** Joins conditions with `and`. Without conditions the text is `1 = 1`. */
export function allOf(conditions: readonly Where[]): Where {
  if (conditions.length === 0) return { text: '1 = 1', values: [] };
  return {
    text: conditions.map(({ text }) => `(${text})`).join(' and '),
    values: conditions.flatMap(({ values }) => values),
  };
}

const comparisons = { eq: '=', gt: '>', ge: '>=', lt: '<', le: '<=' } as const;

/** Translates the conditions of a filter. The text consists of the given columns and constants only. */
export function whereOf(conditions: readonly Condition[], columns: FilterColumns): Where {
  return allOf(conditions.map((condition) => translated(condition, columns)));
}

function translated(condition: Condition, columns: FilterColumns): Where {
  const { column, key } = columns[condition.field] ?? {};
  if (column === undefined) throw new Error(`the field ${condition.field} has no column`);
  switch (condition.is) {
    case 'in': {
      const { values } = condition;
      // Without a value nothing matches.
      if (values.length === 0) return { text: '1 = 0', values: [] };
      return { text: `${column} in (${values.map(() => '?').join(', ')})`, values: [...values] };
    }
    case 'like':
      if (key === undefined) throw new Error(`the field ${condition.field} has no key`);
      return { text: `${key} like ? escape '${likeEscape}'`, values: [likeKey(condition.pattern)] };
    default:
      return { text: `${column} ${comparisons[condition.is]} ?`, values: [condition.value] };
  }
}
