import { isUuid } from '../api/ids.ts';
import { allOf, Bindings } from '../api/sql.ts';
import type { Queryable } from '../db.ts';
import type { Page } from '../lists/paging.ts';
import { activeFields, type Field, listFields } from './field-store.ts';
import type { FlowRow } from './flow-store.ts';
import { type Owner, ownerOf } from './owners.ts';

/** Where the entries of a flow are: in tables of their own, or the core entities themselves. */
export interface EntryPlace {
  flow: FlowRow;
  /** Undefined for a flow that merchants defined. */
  owner: Owner | undefined;
  table: string;
  values: string;
}

export interface EntryRow {
  id: string;
  created_at: Date;
  updated_at: Date;
}

export function placeOf(flow: FlowRow): EntryPlace {
  const owner = ownerOf(flow.slug);
  const { table, values } = owner ?? { table: 'flow_entries', values: 'flow_entry_values' };
  return { flow, owner, table, values };
}

/** The fields that the entries have now. A disabled flow shows its entries without fields if they are core entities. */
export async function fieldsOf(db: Queryable, { flow, owner }: EntryPlace): Promise<Field[]> {
  if (owner !== undefined) return activeFields(db, flow.slug);
  return (await listFields(db, flow.id)).filter(({ enabled }) => enabled);
}

function conditions({ flow, owner }: EntryPlace, liveOnly: boolean, bindings: Bindings): string[] {
  if (owner === undefined) return [`flow_id = ${bindings.add(flow.id)}`];
  return liveOnly && owner.publicEntries === 'live' ? ["status = 'live'"] : [];
}

// Items of an order have no time of change: an order's items are what was bought.
const columnsOf = ({ table }: EntryPlace) =>
  `id, created_at, ${table === 'order_items' ? 'created_at as updated_at' : 'updated_at'}`;

/** One page of entries, and their number. */
export async function listEntries(db: Queryable, place: EntryPlace, liveOnly: boolean, page: Page) {
  const bindings = new Bindings();
  const where = allOf(conditions(place, liveOnly, bindings));
  const counted = await db.query<{ total: string }>(
    `select count(*) as total from ${place.table} where ${where}`,
    bindings.values,
  );
  const tail = `order by created_at, id limit ${bindings.add(page.limit)} offset ${bindings.add(page.offset)}`;
  const { rows } = await db.query<EntryRow>(
    `select ${columnsOf(place)} from ${place.table} where ${where} ${tail}`,
    bindings.values,
  );
  return { rows, total: Number(counted.rows[0]?.total ?? 0) };
}

/** One entry; `lock` keeps it in place until the end of the transaction. */
export async function findEntry(
  db: Queryable,
  place: EntryPlace,
  id: string,
  { liveOnly = false, lock = '' }: { liveOnly?: boolean; lock?: '' | 'for update' },
): Promise<EntryRow | undefined> {
  if (place.table !== 'carts' && !isUuid(id)) return undefined;
  const bindings = new Bindings();
  const where = allOf([...conditions(place, liveOnly, bindings), `id = ${bindings.add(id)}`]);
  const text = `select ${columnsOf(place)} from ${place.table} where ${where} ${lock}`;
  return (await db.query<EntryRow>(text, bindings.values)).rows[0];
}

/** The entries of a flow with these ids that exist. */
export async function entriesById(db: Queryable, place: EntryPlace, ids: readonly string[]): Promise<EntryRow[]> {
  const bindings = new Bindings();
  const known =
    place.table === 'carts' ? `${bindings.add(ids)}::text[]` : `${bindings.add(ids.filter(isUuid))}::uuid[]`;
  const where = allOf([...conditions(place, true, bindings), `id = any(${known})`]);
  const text = `select ${columnsOf(place)} from ${place.table} where ${where} order by created_at, id`;
  return (await db.query<EntryRow>(text, bindings.values)).rows;
}

/** Marks an entry as changed. */
export async function touchEntry(db: Queryable, { table }: EntryPlace, id: string, now: Date): Promise<void> {
  if (table !== 'order_items') await db.query(`update ${table} set updated_at = $2 where id = $1`, [id, now]);
}

export async function insertEntry(db: Queryable, flowId: string, now: Date): Promise<string> {
  const { rows } = await db.query<{ id: string }>(
    'insert into flow_entries (flow_id, created_at, updated_at) values ($1, $2, $2) returning id',
    [flowId, now],
  );
  return rows[0]?.id ?? '';
}
