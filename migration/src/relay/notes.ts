import type { Ownership } from '@banyan/kit/import';
import type { Client } from 'pg';
import type { Resource } from '../resources/resource.ts';

/** Aggregates in one pass. */
export const passLimit = 1_000;

/** Key of the notes that measure the lag. No aggregate has it: clients choose ids of carts, without control characters. */
export const heartbeatKey = '\u0001heartbeat';

export interface Note {
  id: string;
  key: string;
  /** How long ago it was taken, in ms. */
  ageMs: number;
}

/** What a pass begins with. */
export interface Noted {
  /** Null: the group is not attached. */
  epoch: number | null;
  state: Ownership['state'] | null;
  /** A number that was never drawn before. */
  counter: number;
  /** The oldest notes that are due. */
  notes: readonly Note[];
  /** An aggregate that the service refuses, with the reason. */
  parked: { key: string; reason: string } | null;
}

/** SQL of an aggregate of the resource `$1` that the service refuses; null: there is none. */
export const parkedNote = `(select jsonb_build_object('key', key, 'reason', parked) from migration.notes
  where resource = $1 and parked is not null limit 1)`;

/** One statement, because each further round trip is a part of what settling takes. */
const noted = `
  with picked as materialized (
    select key from migration.notes
    where resource = $1 and (retry_at is null or retry_at < clock_timestamp())
    order by id limit $3
  )
  select owned.epoch, owned.state, nextval('migration.counter') as counter, ${parkedNote} as parked,
    (select coalesce(jsonb_agg(jsonb_build_object('id', id::text, 'key', key,
              'ageMs', extract(epoch from clock_timestamp() - noted_at) * 1000) order by id), '[]')
     from migration.notes where resource = $1 and key in (select key from picked)) as notes
  from (values ($2::text)) as wanted (group_name) left join migration.ownership as owned using (group_name)`;

/** Draws a number and reads who owns the resource and what was noted. */
export async function readNotes(client: Client, { name, group }: Resource): Promise<Noted> {
  const { rows } = await client.query<{
    epoch: string | null;
    state: Ownership['state'] | null;
    counter: string;
    parked: Noted['parked'];
    notes: Note[];
  }>({ name: 'notes', text: noted, values: [name, group, passLimit] });
  const [row] = rows;
  if (!row) throw new Error('the statement has one row');
  return { ...row, epoch: row.epoch === null ? null : Number(row.epoch), counter: Number(row.counter) };
}

/**
 * Deletes the notes `$1::bigint[]`. The commit does not wait for the disk: a note that a crash brings back is sent once
 * more, which does no harm.
 */
export const deleteNotes = `
  with quick as materialized (select set_config('synchronous_commit', 'off', true))
  delete from migration.notes where id = any($1::bigint[]) and exists (select from quick)`;
