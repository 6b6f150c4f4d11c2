import { inTransaction, type Pool } from '../db.ts';
import { deliveryId } from './uuid5.ts';

const maxEvents = 100;

/**
 * Plans the deliveries of new events: one for each enabled integration that observes the event. Returns the number of
 * events; 0 when there are none left. Several processes may do this at once, because each locks other events.
 */
export async function dispatchEvents(pool: Pool, now: Date): Promise<number> {
  return inTransaction(pool, async (db) => {
    const events = await db.query<{ id: string; key: string }>(
      `select id, key from shop_events where dispatched_at is null order by seq limit $1 for update skip locked`,
      [maxEvents],
    );
    if (events.rows.length === 0) return 0;
    const integrations = await db.query<{ id: string; observes: string[] }>(
      'select id, observes from integrations where enabled order by id for key share',
    );
    const pairs = events.rows.flatMap(({ id: event, key }) =>
      integrations.rows
        .filter(({ observes }) => observes.includes(key))
        .map(({ id: integration }) => ({ event, integration, id: deliveryId(event, integration) })),
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
