import { badRequest } from '../api/faults.ts';

/** Maps field names to columns. */
export type SortFields = Readonly<Record<string, string>>;

/**
 * `order by` of a list: `field` ascends, `-field` descends. `tieBreak` are columns that are unique together: they keep
 * pages disjoint. Only columns whose values leave this store with their row: another store must list in the same order.
 * @throws ShopError `bad_request` when the resource cannot be sorted by the field
 */
export function orderBy(sort: string | undefined, fields: SortFields, tieBreak: string, fallback = tieBreak): string {
  if (sort === undefined || sort.trim() === '') return `order by ${fallback}`;
  const text = sort.trim();
  const descending = text.startsWith('-');
  const name = descending ? text.slice(1) : text;
  const column = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (column === undefined) throw badRequest(`The field ${name} cannot be sorted by`);
  const direction = descending ? 'desc' : 'asc';
  const ties = tieBreak.split(', ').map((tie) => `${tie} ${direction}`);
  return `order by ${column} ${direction}, ${ties.join(', ')}`;
}

/**
 * Sorts text by its UTF-8 bytes with A to Z lowered, independent of the server's locale. The first 1,020 bytes count: as
 * many as 255 characters can have.
 */
export function byText(column: string): string {
  return `substring(convert_to(lower(${column} collate "C"), 'UTF8') from 1 for 1020)`;
}
