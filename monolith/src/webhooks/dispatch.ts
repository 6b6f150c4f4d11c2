import { inTransaction, type Pool } from '../db.ts';
import { deliveryId } from './uuid5.ts';

const maxEvents = 100;
/** An event that is older is not planned any more: another program may have planned it long ago. */
const plannedWithinMs = 24 * 3_600_000;
/** How much the clocks of two machines may differ. An integration hears of events from its creation on. */
const clocksDifferMs = 10_000;

interface Event {
  id: string;
  key: string;
  created_at: Date;
}

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
export async function dispatchEvents(pool: Pool, now: Date): Promise<number> {
  return inTransaction(pool, async (db) => {
    const events = await db.query<Event>(
      `select id, key, created_at from shop_events where dispatched_at is null and created_at > $2
       order by seq limit $1 for update skip locked`,
      [maxEvents, new Date(now.getTime() - plannedWithinMs)],
    );
    if (events.rows.length === 0) return 0;
    await db.query('update webhook_turn set one = true');
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
