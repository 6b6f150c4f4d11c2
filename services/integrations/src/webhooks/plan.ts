import type { Micros } from '@banyan/kit/api';
import { type Queryable, statement } from '@banyan/kit/postgres';
import { addDeliveries } from '../store/deliveries.ts';
import { type HeardEvent, lockUnplanned, lockUnplannedSince, markPlanned } from '../store/heard-events.ts';
import type { Store, Write } from '../store.ts';
import { deliveryId } from './uuid5.ts';

/** How far back a new owner plans events that it heard of as a follower: the former owner may not have come to them. */
const takeOverUs = 3_600_000_000;
/** How much the clocks of two machines may differ. An integration hears of events from its creation on. */
const clocksDifferUs = 10_000_000;
const maxEvents = 100;

interface Observer {
  id: string;
  observes: string[];
  created_at_us: string;
}

/** Locked, so that a deletion waits and then takes the new deliveries with it. */
const observers = statement<Observer>(
  'integrations_observers',
  'select id, observes, created_at_us from integrations where enabled order by id for key share',
);

/**
 * Plans the deliveries of an event, if it was heard and is not planned: one for each enabled integration that observes
 * it. Planning twice does no harm, because ids are made from event and integration. Returns the number of deliveries.
 *
 * @throws ServiceError `misdirected` while another system owns integrations
 */
export function planEvent(store: Pick<Store, 'write'>, id: string, now: Micros): Promise<number> {
  return store.write(async (write) => plan(write, await lockUnplanned(write.tx, id), now));
}

/**
 * Plans events that were heard before this service became the owner. Returns the number of events; 0 when there are none
 * left.
 *
 * @throws ServiceError `misdirected` while another system owns integrations
 */
export function planLeftOver(store: Pick<Store, 'write'>, now: Micros): Promise<number> {
  return store.write(async (write) => {
    const events = await lockUnplannedSince(write.tx, now - takeOverUs, maxEvents);
    await plan(write, events, now);
    return events.length;
  });
}

async function plan({ tx, deliveriesChanged }: Write, events: readonly HeardEvent[], now: Micros): Promise<number> {
  if (events.length === 0) return 0;
  const planned = await plannedOf(tx, events);
  const added = await addDeliveries(tx, planned, now);
  await deliveriesChanged(added);
  await markPlanned(
    tx,
    events.map(({ id }) => id),
  );
  return added.length;
}

async function plannedOf(tx: Queryable, events: readonly HeardEvent[]) {
  const integrations = await tx.query(observers, []);
  return events.flatMap(({ id: eventId, key, entityId, resources, occurredAt }) =>
    integrations
      .filter(({ observes }) => observes.includes(key))
      .filter(({ created_at_us }) => Number(created_at_us) <= occurredAt + clocksDifferUs)
      .map(({ id: integrationId }) => {
        const id = deliveryId(eventId, integrationId);
        return { id, integrationId, eventId, entityId, key, resources };
      }),
  );
}
