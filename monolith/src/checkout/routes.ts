import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { objectOf } from '../api/body.ts';
import { Bindings } from '../api/sql.ts';
import { audit } from '../audit.ts';
import { cartId } from '../carts/cart.ts';
import { discountsOfCart } from '../carts/discounts.ts';
import { methodFor } from '../carts/pricing.ts';
import { writeFields } from '../flows/entity-fields.ts';
import { owners } from '../flows/owners.ts';
import { replyOnce } from '../idempotency/reply-once.ts';
import { recordOrderCreated } from '../orders/events.ts';
import { orderReply } from '../orders/read.ts';
import { selectOrders } from '../orders/store.ts';
import { recordUses, requireHolding } from '../promotions/use.ts';
import type { Shop } from '../shop.ts';
import { checkoutInput } from './input.ts';
import {
  checkStock,
  copyFields,
  identifyCustomer,
  lockCart,
  lockStock,
  readLines,
  settleCurrency,
  sumUp,
  writeItems,
  writeOrder,
} from './steps.ts';

interface ByCart {
  Params: { ref: string };
}

export function checkoutRoutes(app: FastifyInstance, shop: Shop): void {
  app.post<ByCart>('/v2/carts/:ref/checkout', (request, reply) => checkOut(shop, request, reply));
}

/**
 * Creates an order from a cart. The cart stays until its owner deletes it. Debt 23: nine steps in one transaction,
 * which locks the cart and the stock of all products until the end.
 */
async function checkOut(shop: Shop, request: FastifyRequest<ByCart>, reply: FastifyReply) {
  const id = cartId(request.params.ref);
  const data = objectOf(request.body);
  const input = checkoutInput(data);
  const now = shop.now();
  return replyOnce(shop, request, reply, 201, async (db) => {
    const cart = await lockCart(db, id, now);
    const lines = await readLines(db, cart);
    const currency = settleCurrency(cart, request);
    const customer = await identifyCustomer(db, request, input.customer);
    const available = await lockStock(shop, db, lines);
    checkStock(lines, available);
    const method = await methodFor(db, lines);
    const discounts = await discountsOfCart(shop, db, cart, lines, method);
    requireHolding(discounts, customer);
    const totals = sumUp(lines, discounts, method);
    const orderId = await writeOrder(db, { cart, currency, customer, totals, method, input }, now);
    await writeItems(db, orderId, lines, now);
    await copyFields(db, orderId);
    await recordUses(db, orderId, discounts, now);
    await writeFields(db, owners.orders, orderId, data, true);
    await audit(shop, db, request.access, { action: 'created', entity: 'order', entityId: orderId });
    const bindings = new Bindings();
    const [order] = await selectOrders(db, { where: `o.id = ${bindings.add(orderId)}`, tail: '', bindings });
    if (order === undefined) throw new Error('An order vanished inside its transaction');
    const shown = await orderReply(shop, db, order, true);
    await recordOrderCreated(db, shown, now);
    return shown;
  });
}
