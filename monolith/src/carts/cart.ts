import type { FastifyRequest } from 'fastify';
import { styleOf } from '../api/currency.ts';
import { badRequest, notFound } from '../api/faults.ts';
import { inTransaction, type PoolClient, type Queryable } from '../db.ts';
import type { Shop } from '../shop.ts';
import { type Destination, mixedCurrencies } from './lines.ts';
import { type CartRow, findCart, type ItemRow, loadItems, openCart } from './store.ts';
import type { CartState } from './view.ts';

const MAX_ID_LENGTH = 128;

/** The client's own name for its cart. Throws 400 for one that cannot be kept. */
export function cartId(text: string): string {
  const hasControls = [...text].some((character) => character < ' ' || character === '\x7f');
  if (text === '' || text.length > MAX_ID_LENGTH || hasControls || !text.isWellFormed()) {
    throw badRequest(`The id of a cart is a text of 1 to ${MAX_ID_LENGTH} characters`);
  }
  return text;
}

/** A cart as it stands; an unknown one is an empty one. */
export async function readCart(shop: Shop, db: Queryable, id: string): Promise<CartState> {
  const cart = await findCart(db, id, shop.now());
  const items = cart === undefined ? [] : await loadItems(db, id);
  const style = cart?.currency == null ? undefined : await styleOf(db, cart.currency);
  return { id, cart, items, style };
}

/** Changes a cart while it is locked, and gives it as it stands then. */
export async function changeCart(
  shop: Shop,
  id: string,
  work: (db: PoolClient, cart: CartRow) => Promise<void>,
): Promise<CartState> {
  return inTransaction(shop.db, async (db) => {
    await work(db, await openCart(db, id, shop.now()));
    await forgetCurrencyOfEmpty(db, id);
    return readCart(shop, db, id);
  });
}

/**
 * Where lines go. The first fixes the cart's currency (`wanted`), which a request may only name again. Throws 400 where
 * it names another.
 */
export async function destination(
  shop: Shop,
  request: FastifyRequest,
  db: Queryable,
  cart: CartRow,
  wanted: string,
): Promise<Destination> {
  if (cart.currency !== null && request.currency !== undefined && request.currency !== cart.currency) {
    throw mixedCurrencies(cart.currency);
  }
  const currency = cart.currency ?? wanted;
  if (cart.currency === null) await db.query('update carts set currency = $2 where id = $1', [cart.id, currency]);
  return { db, cartId: cart.id, currency, access: request.access, now: shop.now() };
}

/** A line of a cart. Throws 404. */
export async function requireItem(db: Queryable, cart: string, itemId: string): Promise<ItemRow> {
  const item = (await loadItems(db, cart)).find((each) => each.id === itemId.toLowerCase());
  if (item === undefined) throw notFound("The Item doesn't exist in the cart");
  return item;
}

/** An empty cart may be filled in any currency. */
async function forgetCurrencyOfEmpty(db: Queryable, id: string): Promise<void> {
  await db.query(
    'update carts set currency = null where id = $1 and not exists (select from cart_items where cart_id = $1)',
    [id],
  );
}
