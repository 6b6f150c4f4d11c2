import type { Queryable } from '../db.ts';

const dayMs = 24 * 3_600_000;
/** How long an event is kept with its deliveries and their logs. */
const observedMs = 30 * dayMs;
/** How long an event is kept that no integration observes. */
const unobservedMs = dayMs;

/** Deletes old events, with their deliveries and logs; returns the number of events. */
export async function forgetEvents(db: Queryable, now: Date): Promise<number> {
  const { rowCount } = await db.query(
    `delete from shop_events e where created_at <= $1 or (created_at <= $2 and dispatched_at is not null
       and not exists (select from integration_jobs j where j.event_id = e.id))`,
    [new Date(now.getTime() - observedMs), new Date(now.getTime() - unobservedMs)],
  );
  return rowCount ?? 0;
}
