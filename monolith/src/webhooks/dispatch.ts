import { inTransaction, type Pool, type Queryable } from '../db.ts';
import { deliveryId } from './uuid5.ts';

const maxEvents = 100;
/** An event that is older is not planned any more: another program may have planned it long ago. */
const plannedWithinMs = 24 * 3_600_000;
/** How much the clocks of two machines may differ. An integration hears of events from its creation on. */
const clocksDifferMs = 10_000;

interface Event {
  id: string;
  key: string;
  entity_id: string;
  /** It has no more than type and id, although its entity exists. */
  is_bare: boolean;
  created_at: Date;
}

/**
 * Shows the entity of an event that another program has written without it, as it is now; undefined if there is none. That
 * program owns the entity, and does not know how the shop shows it.
 */
export type Complete = (db: Queryable, key: string, entityId: string) => Promise<object | undefined>;

interface Observer {
  id: string;
  observes: string[];
  created_at: Date;
}

/**
 * Plans the deliveries of new events: one for each enabled integration that observes the event. Returns the number of
 * events; 0 when there are none left. Several processes may do this at once, because each locks other events. While
 * another program owns integrations it fails, and the events stay as they are; planning one twice does no harm.
 */
export async function dispatchEvents(
  pool: Pool,
  now: Date,
  complete: Complete = async () => undefined,
): Promise<number> {
  return inTransaction(pool, async (db) => {
    const events = await db.query<Event>(
      `select id, key, entity_id, created_at,
         key not like '%.deleted' and json_typeof(resources -> 'data') is null as is_bare
       from shop_events where dispatched_at is null and created_at > $2
       order by seq limit $1 for update skip locked`,
      [maxEvents, new Date(now.getTime() - plannedWithinMs)],
    );
    if (events.rows.length === 0) return 0;
    await db.query('update webhook_turn set one = true');
    for (const { id, key, entity_id } of events.rows.filter((event) => event.is_bare)) {
      const resources = await complete(db, key, entity_id);
      if (resources === undefined) continue;
      await db.query('update shop_events set resources = $2 where id = $1', [id, JSON.stringify(resources)]);
    }
    const integrations = await db.query<Observer>(
      'select id, observes, created_at from integrations where enabled order by id for key share',
    );
    const pairs = events.rows.flatMap((event) =>
      integrations.rows
        .filter((integration) => hearsOf(integration, event))
        .map(({ id }) => ({ event: event.id, integration: id, id: deliveryId(event.id, id) })),
    );
    await db.query(
      `insert into integration_jobs (id, event_id, integration_id, next_attempt_at, created_at, updated_at)
       select planned.*, $4, $4, $4 from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as planned on conflict do nothing`,
      [pairs.map(({ id }) => id), pairs.map(({ event }) => event), pairs.map(({ integration }) => integration), now],
    );
    await db.query('update shop_events set dispatched_at = $2 where id = any($1)', [
      events.rows.map(({ id }) => id),
      now,
    ]);
    return events.rows.length;
  });
}

function hearsOf({ observes, created_at: madeAt }: Observer, { key, created_at: happenedAt }: Event): boolean {
  return observes.includes(key) && madeAt.getTime() <= happenedAt.getTime() + clocksDifferMs;
}
