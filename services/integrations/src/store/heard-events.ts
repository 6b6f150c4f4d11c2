import type { Micros } from '@banyan/kit/api';
import { type Queryable, statement } from '@banyan/kit/postgres';

/** A fact that integrations can observe. */
export interface HeardEvent {
  id: string;
  /** Such as `order.paid`. */
  key: string;
  entityId: string;
  /** JSON: the entity as the API showed it; {type, id} of a deleted one. */
  resources: string;
  occurredAt: Micros;
}

interface EventRow {
  id: string;
  key: string;
  entity_id: string;
  resources: string;
  occurred_at_us: string;
}

const add = statement<object, [string, string, string, string, number, number]>(
  'heard_events_add',
  `insert into heard_events (id, key, entity_id, resources, occurred_at_us, heard_at_us, planned)
   values ($1, $2, $3, $4, $5, $6, false) on conflict do nothing`,
);
const columns = 'id, key, entity_id, resources, occurred_at_us';
const lockOne = statement<EventRow, [string]>(
  'heard_events_lock',
  `select ${columns} from heard_events where id = $1 and not planned for update`,
);
const lockSome = statement<EventRow, [number, number]>(
  'heard_events_lock_some',
  `select ${columns} from heard_events where not planned and heard_at_us > $1
   order by heard_at_us, id limit $2 for update skip locked`,
);
const mark = statement<object, [readonly string[]]>(
  'heard_events_mark',
  'update heard_events set planned = true where id = any($1::uuid[]) and not planned',
);
const forget = statement<object, [number]>('heard_events_forget', 'delete from heard_events where heard_at_us <= $1');

/** Stores an event. Does nothing when it was heard before. */
export async function addEvent(tx: Queryable, event: HeardEvent, now: Micros): Promise<void> {
  await tx.run(add, [event.id, event.key, event.entityId, event.resources, event.occurredAt, now]);
}

/** The event, locked, unless its deliveries were planned. */
export async function lockUnplanned(tx: Queryable, id: string): Promise<HeardEvent[]> {
  return (await tx.query(lockOne, [id])).map(eventOf);
}

/** Events that were heard after a moment and are not planned, locked; none that another process plans now. */
export async function lockUnplannedSince(tx: Queryable, since: Micros, limit: number): Promise<HeardEvent[]> {
  return (await tx.query(lockSome, [since, limit])).map(eventOf);
}

export async function markPlanned(tx: Queryable, ids: readonly string[]): Promise<void> {
  await tx.run(mark, [ids]);
}

export async function forgetEvents(db: Queryable, heardUntil: Micros): Promise<void> {
  await db.run(forget, [heardUntil]);
}

function eventOf({ entity_id, occurred_at_us, ...row }: EventRow): HeardEvent {
  return { ...row, entityId: entity_id, occurredAt: Number(occurred_at_us) };
}
