import { unprocessable } from '../api/faults.ts';
import type { Queryable } from '../db.ts';
import { recordDeletion, recordEvent } from '../events/record.ts';
import type { Shop } from '../shop.ts';
import {
  deleteIntegration,
  type IntegrationInput,
  type IntegrationRow,
  insertIntegration,
  listIntegrations,
  lockIntegrations,
  updateIntegration,
} from './store.ts';
import { integrationEventView } from './view.ts';

const maxIntegrations = 100;
const maxPerEvent = 5;

/**
 * Creates an integration, in a transaction.
 * @throws ShopError `validation_failed` when the store has 100, or five that observe one of the events
 */
export async function createIntegration(shop: Shop, db: Queryable, input: IntegrationInput): Promise<IntegrationRow> {
  await lockIntegrations(db);
  const others = await listIntegrations(db);
  if (others.length >= maxIntegrations) {
    throw unprocessable('Integration limit reached', `A store has at most ${maxIntegrations} integrations`);
  }
  checkPerEvent(others, input.observes ?? []);
  const row = await insertIntegration(db, input, shop.now());
  await announce(shop, db, 'created', row);
  return row;
}

/**
 * Changes an integration, in a transaction; undefined if it does not exist.
 * @throws ShopError `validation_failed` when five others observe one of the events
 */
export async function changeIntegration(
  shop: Shop,
  db: Queryable,
  id: string,
  input: IntegrationInput,
): Promise<IntegrationRow | undefined> {
  if (input.observes !== undefined) {
    await lockIntegrations(db);
    const others = (await listIntegrations(db)).filter((each) => each.id !== id.toLowerCase());
    checkPerEvent(others, input.observes);
  }
  const row = await updateIntegration(db, id, input, shop.now());
  if (row !== undefined) await announce(shop, db, 'updated', row);
  return row;
}

/** Deletes an integration, in a transaction; returns whether it existed. */
export async function removeIntegration(shop: Shop, db: Queryable, id: string): Promise<boolean> {
  const existed = await deleteIntegration(db, id);
  if (existed) await recordDeletion(db, shop.now(), 'integration', id.toLowerCase());
  return existed;
}

function checkPerEvent(others: readonly IntegrationRow[], observes: readonly string[]): void {
  const full = observes.find((key) => others.filter((each) => each.observes.includes(key)).length >= maxPerEvent);
  if (full === undefined) return;
  throw unprocessable('Integration limit reached', `At most ${maxPerEvent} integrations observe ${full}`);
}

function announce(shop: Shop, db: Queryable, what: 'created' | 'updated', row: IntegrationRow): Promise<void> {
  const data = integrationEventView(row, shop.config.publicUrl);
  return recordEvent(db, shop.now(), `integration.${what}`, row.id, { data });
}
