import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { dataOf, listOf, objectOf, optionsOf } from '../api/body.ts';
import { badRequest } from '../api/faults.ts';
import { checker } from '../api/validate.ts';
import { displayCurrency } from '../currencies/display.ts';
import type { PoolClient } from '../db.ts';
import { type ErrorMember, errorBody, ShopError } from '../errors.ts';
import type { Shop } from '../shop.ts';
import { cartId, changeCart, destination, readCart, requireItem } from './cart.ts';
import { checkLine, checkStock, MAX_LINES, MAX_QUANTITY } from './limits.ts';
import { addLine, setQuantity } from './lines.ts';
import { itemsReply } from './view.ts';

const newQuantity = checker(Type.Object({ quantity: Type.Integer({ minimum: 0, maximum: MAX_QUANTITY }) }));
const newQuantities = checker(
  Type.Array(Type.Object({ id: Type.String(), quantity: Type.Integer({ minimum: 0, maximum: MAX_QUANTITY }) }), {
    maxItems: MAX_LINES,
  }),
);

interface ByCart {
  Params: { ref: string };
}
interface ByItem {
  Params: { ref: string; item: string };
}

/** The lines of a cart. */
export function cartItemRoutes(app: FastifyInstance, shop: Shop): void {
  const items = '/v2/carts/:ref/items';

  app.get<ByCart>(items, async (request) =>
    itemsReply(await readCart(shop, shop.db, cartId(request.params.ref)), shop.config.publicUrl),
  );

  app.post<ByCart>(items, async (request, reply) => {
    const data = dataOf(request.body);
    const answer = Array.isArray(data) ? await addMany(shop, request, data) : await addOne(shop, request, data);
    return reply.code(201).send(answer);
  });

  app.put<ByItem>(`${items}/:item`, async (request) => {
    const { quantity } = newQuantity(objectOf(request.body));
    const state = await changeCart(shop, cartId(request.params.ref), (db, cart) =>
      changeQuantity(shop, db, cart.id, request.params.item, quantity),
    );
    return itemsReply(state, shop.config.publicUrl);
  });

  app.put<ByCart>(items, async (request) => {
    const changes = newQuantities(listOf(request.body));
    const state = await changeCart(shop, cartId(request.params.ref), async (db, cart) => {
      for (const { id, quantity } of changes) await changeQuantity(shop, db, cart.id, id, quantity);
    });
    return itemsReply(state, shop.config.publicUrl);
  });

  app.delete<ByItem>(`${items}/:item`, async (request) => {
    const state = await changeCart(shop, cartId(request.params.ref), (db, cart) =>
      changeQuantity(shop, db, cart.id, request.params.item, 0),
    );
    return itemsReply(state, shop.config.publicUrl);
  });

  app.delete<ByCart>(items, async (request) => {
    const state = await changeCart(shop, cartId(request.params.ref), async (db, cart) => {
      await db.query('delete from cart_items where cart_id = $1', [cart.id]);
    });
    return itemsReply(state, shop.config.publicUrl);
  });
}

async function addOne(shop: Shop, request: FastifyRequest<ByCart>, data: unknown) {
  const currency = await currencyWanted(shop, request);
  const state = await changeCart(shop, cartId(request.params.ref), async (db, cart) => {
    await addLine(await destination(shop, request, db, cart, currency), data);
  });
  return itemsReply(state, shop.config.publicUrl);
}

/**
 * Adds a list of lines. With `add_all_or_nothing` the first that fails undoes all; else what works is added, and what
 * does not is told in `errors` beside `data` (nothing worked: the first failure is the answer).
 */
async function addMany(shop: Shop, request: FastifyRequest<ByCart>, lines: readonly unknown[]) {
  if (lines.length === 0 || lines.length > MAX_LINES) throw badRequest(`Add 1 to ${MAX_LINES} items at once`, 'data');
  const allOrNothing = optionsOf(request.body).add_all_or_nothing === true;
  const errors: ErrorMember[] = [];
  const currency = await currencyWanted(shop, request);
  const state = await changeCart(shop, cartId(request.params.ref), async (db, cart) => {
    const to = await destination(shop, request, db, cart, currency);
    let failed = 0;
    for (const line of lines) {
      const failure = allOrNothing ? await addLine(to, line) : await attempt(db, () => addLine(to, line));
      if (!failure) continue;
      failed += 1;
      if (failed === lines.length) throw failure;
      errors.push(...errorBody(failure, request.id).errors);
    }
  });
  return { ...itemsReply(state, shop.config.publicUrl), ...(errors.length > 0 && { errors }) };
}

// Asked before the cart's transaction holds a connection: whoever holds one and waits for another can wait for ever.
async function currencyWanted(shop: Shop, request: FastifyRequest): Promise<string> {
  return (await displayCurrency(shop, request)).code;
}

/** Runs one step so that its failure undoes this step only. */
async function attempt(db: PoolClient, work: () => Promise<void>): Promise<ShopError | undefined> {
  await db.query('savepoint line');
  try {
    await work();
    await db.query('release savepoint line');
    return undefined;
  } catch (error) {
    if (!(error instanceof ShopError)) throw error;
    await db.query('rollback to savepoint line');
    return error;
  }
}

/** Sets the quantity of a line; 0 removes it. Throws 404 for an unknown line, 400 where stock is short. */
async function changeQuantity(
  shop: Shop,
  db: PoolClient,
  cart: string,
  itemId: string,
  quantity: number,
): Promise<void> {
  const item = await requireItem(db, cart, itemId);
  if (quantity === 0) {
    await db.query('delete from cart_items where id = $1', [item.id]);
    return;
  }
  checkLine(quantity, item.unit_amount);
  if (item.manage_stock && item.product_id !== null) {
    await checkStock(db, { id: item.product_id, sku: item.sku }, quantity);
  }
  await setQuantity(db, item.id, quantity, shop.now());
}
