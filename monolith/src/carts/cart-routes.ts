import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { listOf, objectOf } from '../api/body.ts';
import { failedValidation, forbidden, notFound } from '../api/faults.ts';
import { checker } from '../api/validate.ts';
import { linkIds } from '../catalog/product-relationships.ts';
import type { Queryable } from '../db.ts';
import { writeFields } from '../flows/entity-fields.ts';
import { joined, linkedEntities } from '../flows/includes.ts';
import { owners } from '../flows/owners.ts';
import { replyOnce } from '../idempotency/reply-once.ts';
import { includedMember, includeOf, listReply, queryOf, readListQuery } from '../lists/query.ts';
import type { Shop } from '../shop.ts';
import { cartId, changeCart, changeCartIn, deleteCart, readCart } from './cart.ts';
import type { CartDraft } from './draft.ts';
import { withPrices } from './list.ts';
import { type CartRow, lastLiveMoment } from './store.ts';
import { cartView, itemViews } from './view.ts';

const Label = Type.Optional(Type.String({ maxLength: 255 }));
const newCart = checker(
  Type.Object({ name: Type.String({ minLength: 1, maxLength: 255 }), description: Label, id: Label }),
);
const cartChange = checker(Type.Object({ name: Label, description: Label }));

interface ByCart {
  Params: { ref: string };
}

/** Carts. Clients choose the ids, and every client that knows an id may use the cart. */
export function cartResourceRoutes(app: FastifyInstance, shop: Shop): void {
  const one = '/v2/carts/:ref';

  app.get<ByCart>(one, async (request) => {
    const state = await readCart(shop, shop.db, cartId(request.params.ref));
    const include = includeOf(queryOf(request));
    const items = include.has('items') ? itemViews(state, shop.config.publicUrl) : [];
    const linked = await linkedEntities(request, include, state.fields, [state.id]);
    return { data: cartView(state, shop.config.publicUrl), ...includedMember(joined({ items }, linked)) };
  });

  app.get('/v2/carts', async (request) => {
    const customerId = request.access.customerId ?? null;
    if (customerId === null && request.access.kind === 'implicit') throw forbidden('Lists of carts need a customer');
    const { page } = await readListQuery(shop, request);
    const where = `where updated_at > $1 and
      ($2::uuid is null or exists (select from cart_customers l where l.cart_id = carts.id and l.customer_id = $2))`;
    const values = [lastLiveMoment(shop.now()), customerId];
    const count = await shop.db.query<{ total: string }>(`select count(*) as total from carts ${where}`, values);
    const { rows } = await shop.db.query<CartRow>(
      `select id, name, description, currency, created_at, updated_at from carts ${where} order by created_at desc, id limit $3 offset $4`,
      [...values, page.limit, page.offset],
    );
    const data = (await withPrices(shop, rows)).map((cart) => cartView(cart, shop.config.publicUrl));
    return listReply(shop, request, page, Number(count.rows[0]?.total), data);
  });

  app.post('/v2/carts', async (request, reply) => {
    const data = objectOf(request.body);
    const { name, description, id: wanted } = newCart(data);
    const id = wanted === undefined ? randomUUID() : cartId(wanted);
    return replyOnce(shop, request, reply, 201, async (db) => {
      const state = await changeCartIn(shop, db, id, async (draft) => {
        if (draft.cart.name !== null)
          throw failedValidation([{ detail: 'The cart already exists.', source: 'data.id' }]);
        await label(draft, name, description);
        await writeFields(db, owners.carts, id, data, true);
        if (request.access.customerId !== undefined) await associate(db, id, [request.access.customerId]);
      });
      return { data: cartView(state, shop.config.publicUrl) };
    });
  });

  app.put<ByCart>(one, async (request) => {
    const data = objectOf(request.body);
    const { name, description } = cartChange(data);
    const state = await changeCart(shop, cartId(request.params.ref), async (draft) => {
      await label(draft, name, description);
      await writeFields(draft.db, owners.carts, draft.cart.id, data, false);
    });
    return { data: cartView(state, shop.config.publicUrl) };
  });

  app.delete<ByCart>(one, async (request, reply) => {
    await deleteCart(shop, cartId(request.params.ref));
    return reply.code(204).send();
  });

  app.post<ByCart>(`${one}/relationships/customers`, async (request) => {
    const ids = customersOf(request);
    await changeCart(shop, cartId(request.params.ref), ({ db, cart }) => associate(db, cart.id, ids));
    return { data: ids.map((id) => ({ type: 'customer', id })) };
  });

  app.delete<ByCart>(`${one}/relationships/customers`, async (request, reply) => {
    const ids = customersOf(request);
    await changeCart(shop, cartId(request.params.ref), async ({ db, cart }) => {
      await db.query('delete from cart_customers where cart_id = $1 and customer_id = any($2)', [cart.id, ids]);
    });
    return reply.code(204).send();
  });
}

/** Customers named in a body. Shoppers and bearers of a customer token may name themselves only. */
function customersOf(request: FastifyRequest): string[] {
  const ids = linkIds(listOf(request.body));
  const { kind, customerId } = request.access;
  const narrowed = kind === 'implicit' || customerId !== undefined;
  if (narrowed && ids.some((id) => id !== customerId)) throw forbidden('This is another customer');
  return ids;
}

async function associate(db: Queryable, cart: string, customerIds: readonly string[]): Promise<void> {
  const { rows } = await db.query('select from customers where id = any($1)', [customerIds]);
  if (rows.length < customerIds.length) throw notFound('customer not found');
  await db.query(
    'insert into cart_customers (cart_id, customer_id) select $1, unnest($2::uuid[]) on conflict do nothing',
    [cart, customerIds],
  );
}

async function label(draft: CartDraft, name?: string, description?: string): Promise<void> {
  const cart = { ...draft.cart, name: name ?? draft.cart.name, description: description ?? draft.cart.description };
  await draft.db.query('update carts set name = $2, description = $3 where id = $1', [
    cart.id,
    cart.name,
    cart.description,
  ]);
  draft.cart = cart;
}
