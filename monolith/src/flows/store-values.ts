import { failedValidation } from '../api/faults.ts';
import type { Queryable } from '../db.ts';
import type { NewValues } from './check-values.ts';
import type { Field } from './field-store.ts';

/** The values of one entity. */
export interface Change {
  id: string;
  values: NewValues;
}

interface Cell {
  owner: string;
  field: string;
  value: unknown;
}

/**
 * Writes values with a fixed number of statements. Runs in a transaction.
 * @throws ShopError `validation_failed` when another entity has the value of a unique field
 */
export async function storeValues(
  db: Queryable,
  table: string,
  fields: readonly Field[],
  changes: readonly Change[],
): Promise<void> {
  const cells = changes.flatMap(({ id, values }): Cell[] =>
    [...values].map(([field, value]) => ({ owner: id, field, value })),
  );
  const unset = cells.filter(({ value }) => value === null);
  const set = cells.filter(({ value }) => value !== null);
  if (unset.length > 0) {
    await db.query(
      `delete from ${table} v using unnest($1::text[], $2::uuid[]) as gone (owner, field)
       where v.owner_id::text = gone.owner and v.field_id = gone.field`,
      [unset.map(({ owner }) => owner), unset.map(({ field }) => field)],
    );
  }
  if (set.length === 0) return;
  await requireUnique(
    db,
    table,
    fields.filter(({ is_unique }) => is_unique),
    set,
  );
  const ownerType = table === 'cart_field_values' ? 'text' : 'uuid';
  await db.query(
    `insert into ${table} (owner_id, field_id, value)
     select * from unnest($1::${ownerType}[], $2::uuid[], $3::jsonb[])
     on conflict (owner_id, field_id) do update set value = excluded.value`,
    [set.map(({ owner }) => owner), set.map(({ field }) => field), set.map(({ value }) => JSON.stringify(value))],
  );
}

/** Debt 31: compares with every stored value of the field, because nothing indexes the values. */
async function requireUnique(
  db: Queryable,
  table: string,
  unique: readonly Field[],
  cells: readonly Cell[],
): Promise<void> {
  const wanted = cells.filter(({ field }) => unique.some(({ id }) => id === field));
  if (wanted.length === 0) return;
  const taken = (fieldId: string) => {
    const source = `data.${unique.find(({ id }) => id === fieldId)?.slug}`;
    return failedValidation([{ detail: `The ${source} field is already taken.`, source }]);
  };
  const keyOf = ({ field, value }: Cell) => `${field} ${JSON.stringify(value)}`;
  const twice = wanted.find((cell, index) => wanted.findIndex((other) => keyOf(other) === keyOf(cell)) < index);
  if (twice !== undefined) throw taken(twice.field);
  // Two requests that write one unique field wait for each other; one order of locks prevents a deadlock.
  await db.query('select from flow_fields where id = any($1) order by id for no key update', [
    wanted.map(({ field }) => field),
  ]);
  const { rows } = await db.query<{ field_id: string }>(
    `select v.field_id from ${table} v join unnest($1::text[], $2::uuid[], $3::jsonb[]) as w (owner, field, value)
       on v.field_id = w.field and md5(v.value::text) = md5(w.value::text) and v.value = w.value
     where v.owner_id::text <> w.owner limit 1`,
    [
      wanted.map(({ owner }) => owner),
      wanted.map(({ field }) => field),
      wanted.map(({ value }) => JSON.stringify(value)),
    ],
  );
  if (rows[0] !== undefined) throw taken(rows[0].field_id);
}
