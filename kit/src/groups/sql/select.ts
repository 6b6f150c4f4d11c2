import type { Sort } from '../../api/sort.ts';
import { allOf, type FilterColumns, type Where, whereOf } from '../../store/where.ts';
import type { Listing, SortField } from '../store.ts';

const sortColumns: Readonly<Record<SortField, string>> = {
  created_at: 'created_at_us',
  description: 'description_key',
  name: 'name_key',
  slug: 'slug_key',
  status: 'status',
  updated_at: 'updated_at_us',
};

const filterColumns: FilterColumns = {
  id: { column: 'id' },
  name: { column: 'name', key: 'name_key' },
  slug: { column: 'slug', key: 'slug_key' },
  status: { column: 'status' },
};

/** The default order. */
export const byCreation = 'order by created_at_us, id';

export function orderBy(sort: Sort<SortField> | undefined): string {
  if (sort === undefined) return byCreation;
  const direction = sort.descending ? 'desc' : 'asc';
  const order = [sortColumns[sort.field], 'created_at_us', 'id'].map((column) => `${column} ${direction}`);
  return `order by ${order.join(', ')}`;
}

export const matching = ({ liveOnly, filter }: Listing): Where =>
  allOf([...live(liveOnly), whereOf(filter, filterColumns)]);

export function idIn(ids: readonly string[], column = 'id'): Where {
  return { text: `${column} in (${ids.map(() => '?').join(', ')})`, values: [...ids] };
}

export function live(liveOnly: boolean): Where[] {
  return liveOnly ? [{ text: 'status = ?', values: ['live'] }] : [];
}
