import type { Micros } from '@banyan/kit/api';
import type { IntegrationChange, NewIntegration } from './contract.ts';
import { changedBy, type Integration, madeOf, requireRoom, requireRoomPerEvent } from './domain.ts';
import { integrationMissing } from './errors.ts';
import { lockDeliveriesOf, removeDeliveries } from './store/deliveries.ts';
import {
  allIntegrations,
  lockIntegrations,
  lockToChange,
  lockToRemove,
  putIntegration,
  removeIntegrations,
} from './store/integrations.ts';
import type { Write } from './store.ts';

/**
 * Makes an integration.
 *
 * @throws IntegrationsError `limit_reached`: the store has 100, or five that observe one of the events
 */
export async function createIntegration(
  write: Write,
  input: NewIntegration,
  { id, now }: { id: string; now: Micros },
): Promise<Integration> {
  const { tx } = write;
  await lockIntegrations(tx);
  const others = await allIntegrations(tx);
  requireRoom(others);
  requireRoomPerEvent(others, input.observes);
  const made = madeOf(input, id, now);
  await putIntegration(tx, made);
  await write.integrationChanged('created', made, now);
  return made;
}

/**
 * Changes an integration.
 *
 * @throws IntegrationsError `not_found`; `limit_reached`: five others observe one of the events
 */
export async function changeIntegration(
  write: Write,
  id: string,
  change: IntegrationChange,
  now: Micros,
): Promise<Integration> {
  const { tx } = write;
  if (change.observes !== undefined) {
    await lockIntegrations(tx);
    const others = (await allIntegrations(tx)).filter((each) => each.id !== id);
    requireRoomPerEvent(others, change.observes);
  }
  const before = await lockToChange(tx, id);
  if (before === undefined) throw integrationMissing();
  const changed = changedBy(before, change, now);
  await putIntegration(tx, changed);
  await write.integrationChanged('updated', changed, now);
  return changed;
}

/**
 * Deletes an integration with its deliveries and their logs.
 *
 * @throws IntegrationsError `not_found`
 */
export async function removeIntegration(write: Write, id: string, now: Micros): Promise<void> {
  const { tx } = write;
  const integration = await lockToRemove(tx, id);
  if (integration === undefined) throw integrationMissing();
  const deliveries = await lockDeliveriesOf(tx, id);
  await removeDeliveries(tx, deliveries);
  await write.deliveriesChanged(deliveries, { deleted: true });
  await removeIntegrations(tx, [id]);
  await write.integrationChanged('deleted', integration, now);
}
