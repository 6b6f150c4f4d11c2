import { badRequest } from './faults.ts';

/** Field name to column. */
export type SortFields = Readonly<Record<string, string>>;

/**
 * `order by` of a list: `field` ascends, `-field` descends, and `tieBreak` (a unique column) makes pages disjoint.
 * Throws 400 for a field that the resource cannot be sorted by.
 */
export function orderBy(sort: string | undefined, fields: SortFields, tieBreak: string, fallback: string): string {
  if (sort === undefined || sort.trim() === '') return `order by ${fallback}`;
  const text = sort.trim();
  const descending = text.startsWith('-');
  const name = descending ? text.slice(1) : text;
  const column = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (column === undefined) throw badRequest(`The field ${name} cannot be sorted by`);
  const direction = descending ? 'desc' : 'asc';
  return `order by ${column} ${direction}, ${tieBreak} ${direction}`;
}

/** Sorts text whatever its case, and the same on every server, whatever its locale. */
export function byText(column: string): string {
  return `lower(${column}) collate "C"`;
}
