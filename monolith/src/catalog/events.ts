import { Bindings } from '../api/sql.ts';
import { defaultCurrency } from '../currencies/store.ts';
import { inSequence, type Queryable } from '../db.ts';
import type { EventKey } from '../events/keys.ts';
import { isObserved, recordEvent } from '../events/record.ts';
import type { Shop } from '../shop.ts';
import { groupView, loadGroupLinks, selectGroups } from './groups.ts';
import type { Kind } from './kinds.ts';
import { loadDetails } from './product-details.ts';
import { selectProducts } from './product-rows.ts';
import { productView } from './product-view.ts';

/** Records that a category, brand or collection was created or updated, as administrators see it. */
export async function recordGroup(
  shop: Shop,
  db: Queryable,
  kind: Kind,
  what: 'created' | 'updated',
  id: string,
): Promise<void> {
  const key: EventKey = `${kind.type}.${what}`;
  if (!(await isWanted(shop, db, key))) return;
  const bindings = new Bindings();
  const [row] = await selectGroups(db, kind, { where: `g.id = ${bindings.add(id)}`, tail: '', bindings });
  if (row === undefined) throw new Error(`A ${kind.type} vanished inside its transaction`);
  const links = await loadGroupLinks(inSequence(db), kind, [row], false);
  await recordEvent(db, shop.now(), key, row.id, { data: groupView(kind, row, links) });
}

/** Records that a product was created or updated, with its prices in the default currency. */
export async function recordProduct(shop: Shop, db: Queryable, what: 'created' | 'updated', id: string): Promise<void> {
  const key: EventKey = `product.${what}`;
  if (!(await isWanted(shop, db, key))) return;
  const bindings = new Bindings();
  const [row] = await selectProducts(db, shop.debts, { where: `p.id = ${bindings.add(id)}`, tail: '', bindings });
  if (row === undefined) throw new Error('A product vanished inside its transaction');
  const details = await loadDetails(inSequence(db), [row.id], false);
  const data = productView(row, details, await defaultCurrency(db));
  await recordEvent(db, shop.now(), key, row.id, { data });
}

/** Debt 37: an event that no integration observes is read back and recorded like any other. */
async function isWanted(shop: Shop, db: Queryable, key: EventKey): Promise<boolean> {
  return shop.debts.owed('events-read-back') || isObserved(db, key);
}
