import { badRequest } from '../api/faults.ts';
import { styleOf } from '../currencies/style.ts';
import { inTransaction, type Queryable } from '../db.ts';
import { type Resources, recordDeletion, recordEvent } from '../events/record.ts';
import { owners } from '../flows/owners.ts';
import { loadValues } from '../flows/values.ts';
import type { Shop } from '../shop.ts';
import { discountsOfCart } from './discounts.ts';
import { CartDraft } from './draft.ts';
import { methodFor } from './pricing.ts';
import { findCart, loadItems, openCart } from './store.ts';
import { type CartState, cartView, itemViews } from './view.ts';

const maxIdLength = 128;

/**
 * The client's own id for its cart.
 * @throws ShopError `bad_request` when the id cannot be stored
 */
export function cartId(text: string): string {
  const hasControls = [...text].some((character) => character < ' ' || character === '\x7f');
  if (text === '' || text.length > maxIdLength || hasControls || !text.isWellFormed()) {
    throw badRequest(`The id of a cart is a text of 1 to ${maxIdLength} characters`);
  }
  return text;
}

/** A cart in its current state; an unknown cart is empty. */
export async function readCart(shop: Shop, db: Queryable, id: string): Promise<CartState> {
  const cart = await findCart(db, id, shop.now());
  const items = cart === undefined ? [] : await loadItems(db, id);
  const style = cart?.currency == null ? undefined : await styleOf(db, cart.currency);
  const method = await methodFor(db, items);
  const discounts = await discountsOfCart(shop, db, cart, items, method);
  return { id, cart, items, method, discounts, style, ...(await fieldsOfCart(shop, db, id, items)) };
}

/** Locks a cart, changes it, writes it once and returns its new state. */
export async function changeCart(
  shop: Shop,
  id: string,
  work: (draft: CartDraft) => Promise<void> | void,
): Promise<CartState> {
  return inTransaction(shop.db, (db) => changeCartIn(shop, db, id, work));
}

/** `changeCart` inside an open transaction. */
export async function changeCartIn(
  shop: Shop,
  db: Queryable,
  id: string,
  work: (draft: CartDraft) => Promise<void> | void,
): Promise<CartState> {
  const opened = await openCart(db, id, shop.now());
  const draft = new CartDraft(db, shop.now(), opened, await loadItems(db, id));
  await work(draft);
  await draft.save();
  const { cart, items, messages } = draft;
  const method = await methodFor(db, items);
  const discounts = await discountsOfCart(shop, db, cart, items, method);
  const style = cart.currency === null ? undefined : await styleOf(db, cart.currency);
  const state = { id, cart, items, method, discounts, style, messages, ...(await fieldsOfCart(shop, db, id, items)) };
  await recordEvent(db, shop.now(), 'cart.updated', id, resourcesOf(shop, state));
  return state;
}

/** What an event tells of a cart as it is now; undefined if there is none. */
export async function cartResources(shop: Shop, db: Queryable, id: string): Promise<Resources | undefined> {
  const state = await readCart(shop, db, id);
  return state.cart && resourcesOf(shop, state);
}

function resourcesOf({ config: { publicUrl } }: Shop, state: CartState): Resources {
  const included = state.items.length === 0 ? {} : { included: { items: itemViews(state, publicUrl) } };
  return { data: cartView(state, publicUrl), ...included };
}

async function fieldsOfCart(shop: Shop, db: Queryable, id: string, items: readonly { id: string }[]) {
  const ids = items.map((item) => item.id);
  return {
    fields: await loadValues(db, shop.debts, owners.carts, [id]),
    lineFields: await loadValues(db, shop.debts, owners.cart_items, ids),
  };
}

/** Deletes a cart, if it exists. */
export async function deleteCart(shop: Shop, id: string): Promise<void> {
  await inTransaction(shop.db, async (db) => {
    const { rowCount } = await db.query('delete from carts where id = $1', [id]);
    if (rowCount === 1) await recordDeletion(db, shop.now(), 'cart', id);
  });
}
