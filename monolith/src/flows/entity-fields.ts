import type { Members } from '../api/body.ts';
import type { Queryable } from '../db.ts';
import type { Shop } from '../shop.ts';
import { checkValues } from './check-values.ts';
import { activeFields } from './field-store.ts';
import type { Owner } from './owners.ts';
import { storeValues } from './store-values.ts';
import { loadValues } from './values.ts';

/** Views of core entities with the members that fields add. `db` is the connection of an open transaction, or the pool. */
export async function withFields<View extends { id: string }>(
  shop: Shop,
  db: Queryable,
  owner: Owner,
  views: readonly View[],
): Promise<View[]> {
  const ids = views.map(({ id }) => id);
  const values = await loadValues(db, shop.debts, owner, ids);
  return views.map((view) => values.onto(view));
}

/** `withFields` of one view. */
export async function withFieldsOf<View extends { id: string }>(
  shop: Shop,
  db: Queryable,
  owner: Owner,
  view: View,
): Promise<View> {
  return (await loadValues(db, shop.debts, owner, [view.id])).onto(view);
}

/**
 * Writes the members of a body that are fields of the entity. Runs in the transaction that writes the entity.
 * @throws ShopError `validation_failed` when a value breaks a rule, is taken, or a required one is missing
 */
export async function writeFields(
  db: Queryable,
  owner: Owner,
  id: string,
  data: Members,
  isNew: boolean,
): Promise<void> {
  const fields = await activeFields(db, owner.slug);
  await storeValues(db, owner.values, fields, [{ id, values: checkValues(fields, data, isNew) }]);
}
