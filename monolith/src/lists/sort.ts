import { badRequest } from '../api/faults.ts';

/** Maps field names to columns. */
export type SortFields = Readonly<Record<string, string>>;

/**
 * `order by` of a list: `field` ascends, `-field` descends. `tieBreak` (a unique column) keeps pages disjoint.
 * @throws ShopError `bad_request` when the resource cannot be sorted by the field
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

/** Sorts text without regard to case, and independent of the server's locale. */
export function byText(column: string): string {
  return `lower(${column}) collate "C"`;
}
