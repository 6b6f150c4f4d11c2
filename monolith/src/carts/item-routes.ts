import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { dataOf, listOf, objectOf, optionsOf } from '../api/body.ts';
import { badRequest } from '../api/faults.ts';
import { checker } from '../api/validate.ts';
import { displayCurrency } from '../currencies/display.ts';
import { errorBody, ShopError } from '../errors.ts';
import { linkedEntities } from '../flows/includes.ts';
import { replyOnce } from '../idempotency/reply-once.ts';
import { includedMember, includeOf, queryOf } from '../lists/query.ts';
import type { Shop } from '../shop.ts';
import { addLine, productsIn } from './add-line.ts';
import { Adding } from './adding.ts';
import { cartId, changeCart, changeCartIn, readCart } from './cart.ts';
import { maxLines, maxQuantity } from './limits.ts';
import { removeCode, removePromotion } from './promotion-lines.ts';
import { changeQuantities } from './quantities.ts';
import { itemsReply } from './view.ts';

const newQuantity = checker(Type.Object({ quantity: Type.Integer({ minimum: 0, maximum: maxQuantity }) }));
const newQuantities = checker(
  Type.Array(Type.Object({ id: Type.String(), quantity: Type.Integer({ minimum: 0, maximum: maxQuantity }) }), {
    maxItems: maxLines,
  }),
);

interface ByCart {
  Params: { ref: string };
}
interface ByCode {
  Params: { ref: string; code: string };
}
interface ByItem {
  Params: { ref: string; item: string };
}

/** The lines of a cart. */
export function cartItemRoutes(app: FastifyInstance, shop: Shop): void {
  const items = '/v2/carts/:ref/items';

  app.get<ByCart>(items, async (request) => {
    const state = await readCart(shop, shop.db, cartId(request.params.ref));
    const { included, ...reply } = itemsReply(state, shop.config.publicUrl);
    const ids = state.items.map(({ id }) => id);
    const linked = await linkedEntities(request, includeOf(queryOf(request)), state.lineFields, ids);
    return { ...reply, ...includedMember({ ...linked, ...included }) };
  });

  app.post<ByCart>(items, (request, reply) => addLines(shop, request, reply));

  app.put<ByItem>(`${items}/:item`, async (request) => {
    const data = objectOf(request.body);
    const { quantity } = newQuantity(data);
    const state = await changeCart(shop, cartId(request.params.ref), (draft) =>
      changeQuantities(draft, [{ ...data, id: request.params.item, quantity }]),
    );
    return itemsReply(state, shop.config.publicUrl);
  });

  app.put<ByCart>(items, async (request) => {
    const changes = newQuantities(listOf(request.body));
    const state = await changeCart(shop, cartId(request.params.ref), (draft) => changeQuantities(draft, changes));
    return itemsReply(state, shop.config.publicUrl);
  });

  app.delete<ByItem>(`${items}/:item`, async (request) => {
    const { ref, item } = request.params;
    const state = await changeCart(shop, cartId(ref), async (draft) => {
      if (!(await removePromotion(draft, item))) draft.remove(draft.require(item).id);
    });
    return itemsReply(state, shop.config.publicUrl);
  });

  app.delete<ByCart>(items, async (request) => {
    const state = await changeCart(shop, cartId(request.params.ref), (draft) => draft.clear());
    return itemsReply(state, shop.config.publicUrl);
  });

  app.delete<ByCode>('/v2/carts/:ref/discounts/:code', async (request, reply) => {
    const { ref, code } = request.params;
    await changeCart(shop, cartId(ref), (draft) => removeCode(draft, code));
    return reply.code(204).send();
  });
}

/**
 * Adds one line or a list of lines. With `add_all_or_nothing`, the first failure undoes everything. Otherwise the
 * valid lines are added, and the reply lists the failures in `errors` beside `data`. If every line fails, the request
 * fails with the first error.
 */
async function addLines(shop: Shop, request: FastifyRequest<ByCart>, reply: FastifyReply): Promise<FastifyReply> {
  const data = dataOf(request.body);
  const entries: unknown[] = Array.isArray(data) ? data : [data];
  if (entries.length === 0 || entries.length > maxLines) throw badRequest(`Add 1 to ${maxLines} items at once`, 'data');
  const id = cartId(request.params.ref);
  const allOrNothing = optionsOf(request.body).add_all_or_nothing === true;
  // Runs before the cart's transaction takes a connection: a request that waits for a second connection can deadlock.
  const { code: wanted } = await displayCurrency(shop, request);
  return replyOnce(shop, request, reply, 201, async (db) => {
    const failures: ShopError[] = [];
    const state = await changeCartIn(shop, db, id, async (draft) => {
      const to = new Adding(shop.debts, request, draft, wanted, allOrNothing);
      await to.shelf.fetch(productsIn(entries), to.currency());
      for (const entry of entries) {
        try {
          await draft.attempt(() => addLine(to, entry));
        } catch (error) {
          if (!(error instanceof ShopError) || allOrNothing) throw error;
          failures.push(error);
        }
      }
      if (failures[0] !== undefined && failures.length === entries.length) throw failures[0];
      failures.push(...to.failures);
    });
    const errors = failures.flatMap((failure) => errorBody(failure, request.id).errors);
    return { ...itemsReply(state, shop.config.publicUrl), ...(errors.length > 0 && { errors }) };
  });
}
