import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { ShippingAddress, wholeAddress } from '../api/address.ts';
import { objectOf } from '../api/body.ts';
import { forbidden, unprocessable } from '../api/faults.ts';
import { sameId } from '../api/unique.ts';
import { checker } from '../api/validate.ts';
import { audit } from '../audit.ts';
import { inTransaction, type Queryable } from '../db.ts';
import { writeFields } from '../flows/entity-fields.ts';
import { includedByFields } from '../flows/includes.ts';
import { owners } from '../flows/owners.ts';
import { includedMember, includeOf, queryOf } from '../lists/query.ts';
import type { Shop } from '../shop.ts';
import { apply } from './change.ts';
import { recordOrderUpdated } from './events.ts';
import { findOrder, getOrder, itemsReply, listOrders, orderReply } from './read.ts';
import type { OrderRow } from './store.ts';

const orderChange = checker(
  Type.Object({
    id: Type.Optional(Type.String()),
    shipping: Type.Optional(Type.Enum(['fulfilled', 'unfulfilled'])),
    status: Type.Optional(Type.Enum(['incomplete', 'processing', 'complete', 'cancelled'])),
    shipping_address: Type.Optional(ShippingAddress),
  }),
);

interface ById {
  Params: { id: string };
}

export function orderRoutes(app: FastifyInstance, shop: Shop): void {
  app.get('/v2/orders', (request) => listOrders(shop, request));

  app.get<ById>('/v2/orders/:id', (request) => getOrder(shop, request, request.params.id));

  app.get<ById>('/v2/orders/:id/items', async (request) => {
    const order = await findOrder(shop.db, request, request.params.id);
    const data = await itemsReply(shop, shop.db, order);
    const ids = data.map(({ id }) => id);
    const included = await includedByFields(shop, request, owners.order_items, ids, includeOf(queryOf(request)));
    return { data, ...includedMember(included) };
  });

  app.put<ById>('/v2/orders/:id', (request) => changeOrder(shop, request));
}

/** Clients can change the shipping state, the shipping address, and cancel an order. Other members are ignored. */
async function changeOrder(shop: Shop, request: FastifyRequest<ById>) {
  if (request.access.kind !== 'client_credentials') throw forbidden('Orders are changed with client credentials');
  const { id } = request.params;
  const data = objectOf(request.body);
  const change = orderChange(data);
  sameId(id, change.id);
  return inTransaction(shop.db, async (db) => {
    let order = await findOrder(db, request, id, true);
    if (change.shipping_address !== undefined)
      order = await moveAddress(shop, db, order, change.shipping_address, shop.now());
    // Clients repeat a PUT after a lost reply (RFC 9110, section 9.2.2): a state that is already reached is not an
    // error.
    if (change.status === 'cancelled' && order.status !== 'cancelled')
      order = await apply(shop, db, order, 'cancel', shop.now());
    if (change.shipping === 'fulfilled' && order.shipping !== 'fulfilled') {
      order = await apply(shop, db, order, 'fulfil', shop.now());
    }
    await writeFields(db, owners.orders, order.id, data, false);
    await audit(shop, db, request.access, { action: 'updated', entity: 'order', entityId: order.id });
    return orderReply(shop, db, order, false);
  });
}

/**
 * Changes the shipping address.
 * @throws ShopError `validation_failed` when the goods have left for another address
 */
async function moveAddress(
  shop: Shop,
  db: Queryable,
  order: OrderRow,
  given: ShippingAddress,
  now: Date,
): Promise<OrderRow> {
  const address = wholeAddress(ShippingAddress, given);
  if (Object.entries(address).every(([member, value]) => order.shipping_address[member] === value)) return order;
  if (order.shipping === 'fulfilled') {
    throw unprocessable('Cannot complete request', 'The goods have left: their address cannot be changed');
  }
  await db.query('update orders set shipping_address = $2, updated_at = $3 where id = $1', [order.id, address, now]);
  const moved = { ...order, shipping_address: address, updated_at: now };
  await recordOrderUpdated(shop, db, moved, now);
  return moved;
}
