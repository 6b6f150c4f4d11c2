import { isUuid } from '@banyan/kit/api';
import { type Queryable, statement } from '@banyan/kit/mariadb';
import { slugPattern } from './contract.ts';
import type { Entry } from './entry.ts';
import type { FlowField } from './field.ts';
import type { Flow } from './flow.ts';
import {
  type EntryRow,
  entryOf,
  type FieldRow,
  type FlowRow,
  fieldColumns,
  fieldOf,
  flowColumns,
  flowOf,
  type ValueRow,
  valuesByEntry,
} from './rows.ts';

const inOrder = 'order by position, created_at_us, id';
const isSlug = new RegExp(slugPattern);

const someValues = statement<ValueRow, [string]>(
  'flows_some_values',
  `select entry_id, field_id, value
   from json_table(?, '$[*]' columns (id char(36) character set ascii collate ascii_bin path '$')) as wanted
     straight_join entry_values on entry_values.entry_id = wanted.id`,
);

/** A flow by its id or its slug; undefined for a text that is neither. */
export async function findFlow(
  db: Queryable,
  idOrSlug: string,
  lock: '' | 'lock in share mode' | 'for update' = '',
): Promise<Flow | undefined> {
  const isId = isUuid(idOrSlug);
  if (!isId && !isSlug.test(idOrSlug)) return undefined;
  const text = `select ${flowColumns} from flows where ${isId ? 'id' : 'slug'} = ? ${lock}`;
  const [row] = await db.query(statement<FlowRow, [string]>(`flows_find ${isId} ${lock}`, text), [
    isId ? idOrSlug.toLowerCase() : idOrSlug,
  ]);
  return row && flowOf(row);
}

/** The fields of a flow in their order, or one field by its id. */
export async function findFields(
  db: Queryable,
  by: 'flow_id' | 'id',
  id: string,
  lock: '' | 'for update' = '',
): Promise<FlowField[]> {
  if (!isUuid(id)) return [];
  const text = `select ${fieldColumns.join(', ')} from fields where ${by} = ? ${inOrder} ${lock}`;
  const rows = await db.query(statement<FieldRow, [string]>(`flows_fields ${by} ${lock}`, text), [id.toLowerCase()]);
  return rows.map(fieldOf);
}

/** Entries with their values. */
export async function withValues(db: Queryable, rows: readonly EntryRow[]): Promise<Entry[]> {
  if (rows.length === 0) return [];
  const values = valuesByEntry(await db.query(someValues, [JSON.stringify(rows.map(({ id }) => id))]));
  return rows.map((row) => entryOf(row, values.get(row.id)));
}
