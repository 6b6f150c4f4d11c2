import type { Queryable } from '../db.ts';
import { storeFault } from '../store-faults.ts';

const dayMs = 24 * 3_600_000;
/** How long an event is kept with its deliveries and their logs. */
const observedMs = 30 * dayMs;
/** How long an event without a delivery is kept. */
const unobservedMs = dayMs;

/** Deletes old events, with their deliveries and logs; returns the number of events. */
export async function forgetEvents(db: Queryable, now: Date): Promise<number> {
  try {
    await db.query(
      'delete from integration_jobs j using shop_events e where e.id = j.event_id and e.created_at <= $1',
      [new Date(now.getTime() - observedMs)],
    );
  } catch (error) {
    // Another program owns deliveries, and deletes old ones.
    if (storeFault(error)?.code !== 'misdirected') throw error;
  }
  const { rowCount } = await db.query(
    `delete from shop_events e where created_at <= $1
       and not exists (select from integration_jobs j where j.event_id = e.id)`,
    [new Date(now.getTime() - unobservedMs)],
  );
  return rowCount ?? 0;
}
