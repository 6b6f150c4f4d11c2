import { factId } from '@banyan/kit/facts';
import type { Version } from '@banyan/kit/import';
import type { Queryable } from './queryable.ts';

/** A fact that integrations of the monolith can observe. */
export interface ShopEvent {
  /** Such as `brand.updated`. */
  key: string;
  entityId: string;
  /** Of the aggregate that has changed. */
  version: Version;
  /** The entity as the API shows it, in `data`; type and id of a deleted one. */
  resources: object;
}

/**
 * Hands facts of a resource that a service owns to the monolith's webhooks, which stay where they are. Written in the
 * transaction that brings the change back, so each version of an aggregate is told once. Changes that come back together
 * are one fact, which holds the last state. Its id is that of the service's own fact about this version, so that whatever
 * tells a subscriber of both tells of one.
 */
export async function writeShopEvents(db: Queryable, events: readonly ShopEvent[]): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map(({ key, entityId, version, resources }) => ({
    id: factId(key, entityId, version),
    key,
    entity_id: entityId,
    resources,
  }));
  await db.query(
    `insert into shop_events (id, key, entity_id, resources, created_at)
     select id, key, entity_id, resources, clock_timestamp()
     from json_to_recordset($1::json) as event(id uuid, key text, entity_id text, resources json)
     on conflict (id) do nothing`,
    [JSON.stringify(rows)],
  );
}

/** The API's moments have milliseconds. */
export const apiMoment = (text: unknown): string => `${String(text).slice(0, 23)}Z`;
