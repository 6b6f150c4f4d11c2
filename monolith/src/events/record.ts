import type { Queryable } from '../db.ts';
import type { EventKey } from './keys.ts';

/** An entity as the API shows it, or the type and id of a deleted one. */
export type Resources =
  | { data: unknown; included?: Record<string, readonly unknown[]> | undefined }
  | { type: string; id: string };

/**
 * Records that something happened to an entity, in the transaction of the change: both are committed or neither. Every
 * area calls this for the events that integrations can observe.
 */
export async function recordEvent(
  db: Queryable,
  now: Date,
  key: EventKey,
  entityId: string,
  resources: Resources,
): Promise<void> {
  await db.query('insert into shop_events (key, entity_id, resources, created_at) values ($1, $2, $3, $4)', [
    key,
    entityId,
    JSON.stringify(resources),
    now,
  ]);
}

/** Whether an enabled integration observes a key. */
export async function isObserved(db: Queryable, key: EventKey): Promise<boolean> {
  const { rowCount } = await db.query('select from integrations where enabled and $1 = any(observes) limit 1', [key]);
  return rowCount === 1;
}

/** Records a deletion, of which only type and id are left. */
export function recordDeletion(
  db: Queryable,
  now: Date,
  type:
    | 'address'
    | 'brand'
    | 'cart'
    | 'category'
    | 'collection'
    | 'currency'
    | 'customer'
    | 'file'
    | 'integration'
    | 'product',
  id: string,
): Promise<void> {
  return recordEvent(db, now, `${type}.deleted`, id, { type, id });
}
