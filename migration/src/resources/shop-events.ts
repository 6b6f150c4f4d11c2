import type { Queryable } from './queryable.ts';

/** A fact that integrations of the monolith can observe. */
export interface ShopEvent {
  /** Such as `brand.updated`. */
  key: string;
  entityId: string;
  /** The entity as the API shows it, in `data`; type and id of a deleted one. */
  resources: object;
}

/**
 * Hands facts of a resource that a service owns to the monolith's webhooks, which stay where they are. Written in the
 * transaction that brings the change back, so each version of an aggregate is told once. Changes that come back together
 * are one fact, which holds the last state.
 */
export async function writeShopEvents(db: Queryable, events: readonly ShopEvent[]): Promise<void> {
  if (events.length === 0) return;
  await db.query(
    `insert into shop_events (key, entity_id, resources, created_at)
     select key, entity_id, resources, clock_timestamp()
     from json_to_recordset($1::json) as event(key text, entity_id text, resources json)`,
    [JSON.stringify(events.map(({ key, entityId, resources }) => ({ key, entity_id: entityId, resources })))],
  );
}

/** The API's moments have milliseconds. */
export const apiMoment = (text: unknown): string => `${String(text).slice(0, 23)}Z`;
