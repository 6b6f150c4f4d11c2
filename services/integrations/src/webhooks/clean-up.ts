import { type Micros, microsOf } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { postgresReplies } from '@banyan/kit/once';
import { lockOldDeliveries, removeDeliveries } from '../store/deliveries.ts';
import { forgetEvents } from '../store/heard-events.ts';
import type { Store } from '../store.ts';
import { isMisdirected } from './hear.ts';

const dayUs = 24 * 3_600_000_000;
/** How long a delivery is kept with its logs. */
const deliveriesKeptUs = 30 * dayUs;
/** How long an event is kept. What is not planned by then is not planned any more. */
const eventsKeptUs = dayUs;
const batch = 1_000;

/** Deletes what is old: events, replies to keyed requests and, as their owner, deliveries with their logs. */
export async function cleanUp(store: Pick<Store, 'db' | 'write'>, now: Clock): Promise<void> {
  const at = microsOf(now());
  await forgetEvents(store.db, at - eventsKeptUs);
  while (await postgresReplies.forget(store.db, at));
  try {
    while ((await removeOldDeliveries(store, at - deliveriesKeptUs)) === batch);
  } catch (error) {
    // The owner deletes them, and this service follows.
    if (!isMisdirected(error)) throw error;
  }
}

function removeOldDeliveries(store: Pick<Store, 'write'>, plannedUntil: Micros): Promise<number> {
  return store.write(async ({ tx, deliveriesChanged }) => {
    const ids = await lockOldDeliveries(tx, plannedUntil, batch);
    await removeDeliveries(tx, ids);
    await deliveriesChanged(ids, { deleted: true });
    return ids.length;
  });
}
