import {
  badRequest,
  checker,
  dataOf,
  includedMember,
  includeOf,
  isMembers,
  listOf,
  objectOf,
  queryOf,
} from '@banyan/kit/api';
import { ServiceError } from '@banyan/kit/errors';
import type { Server } from '@banyan/kit/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { addLine } from './add-line.ts';
import { type Adder, Adding, type Supplies } from './adding.ts';
import { type Cart, cartIdOf } from './cart.ts';
import { NewQuantities, NewQuantity, paths } from './contract.ts';
import type { Draft } from './draft.ts';
import { CartsError, shownErrors } from './errors.ts';
import { asking, type ByCart, type ByItem, changeCart, changeIn, type Handlers } from './handlers.ts';
import { maxCodeLength, maxLines } from './limits.ts';
import type { PastOrder } from './products.ts';
import { removeCode, removePromotion } from './promotion-lines.ts';
import { changeQuantities, type QuantityChange } from './quantities.ts';
import { type Asked, askedFor, codesOf, linkedBy, productsOf, shownWhole, tellMissing } from './showing.ts';
import { itemsReply, type ShownWhole } from './view.ts';

const newQuantity = checker(NewQuantity);
const newQuantities = checker(NewQuantities);

interface ByCode {
  Params: { ref: string; code: string };
}

/** The lines of a cart. */
export function addItemRoutes(server: Server, handlers: Handlers): void {
  const { store } = handlers;

  server.get<ByCart>(paths.items, { schema: { summary: 'List the lines' } }, async (request, reply) => {
    const id = cartIdOf(request.params.ref);
    const [cart] = await store.read([id]);
    const asked = askedFor(handlers, request.headers);
    const isWanted = includeOf(queryOf(request)).size > 0;
    const known = isWanted ? await handlers.lineFields.shown(request.headers) : null;
    const values = cart?.lines.map((line) => line.values) ?? [];
    const [shown, linked] = await Promise.all([
      shownWhole(handlers, asked, { id, cart }),
      linkedBy(handlers, asked, request, known?.fields ?? [], values),
    ]);
    const { included, ...items } = shownItems(reply, asked, shown);
    return { ...items, ...includedMember({ ...linked, ...included }) };
  });

  server.post<ByCart>(paths.items, { schema: { summary: 'Add one line or a list' } }, (request, reply) =>
    addLines(handlers, request, reply),
  );

  server.put<ByItem>(paths.item, { schema: { summary: 'Set a quantity' } }, (request, reply) => {
    const data = objectOf(request.body);
    const { quantity } = newQuantity(data);
    return setQuantities(request, reply, [{ ...data, id: request.params.item, quantity }]);
  });

  server.put<ByCart>(paths.items, { schema: { summary: 'Set quantities' } }, (request, reply) =>
    setQuantities(request, reply, newQuantities(listOf(request.body))),
  );

  server.delete<ByItem>(paths.item, { schema: { summary: 'Remove a line' } }, (request, reply) =>
    changed(request, reply, (draft) => {
      const { item } = request.params;
      if (!removePromotion(draft, item)) draft.remove(draft.require(item).id);
    }),
  );

  server.delete<ByCart>(paths.items, { schema: { summary: 'Remove all lines' } }, (request, reply) =>
    changed(request, reply, (draft) => draft.clear()),
  );

  server.delete<ByCode>(paths.discount, { schema: { summary: 'Remove a promotion code' } }, async (request, reply) => {
    const { ref, code } = request.params;
    const id = cartIdOf(ref);
    if (code.includes('\0')) throw badRequest('The request holds a value that cannot be stored');
    await changeCart(handlers, askedFor(handlers, request.headers), id, (draft) => removeCode(draft, code));
    return reply.code(204).send();
  });

  async function setQuantities(
    request: FastifyRequest<ByCart>,
    reply: FastifyReply,
    changes: readonly QuantityChange[],
  ) {
    const id = cartIdOf(request.params.ref);
    const asked = askedFor(handlers, request.headers);
    const { goods, offers } = asked;
    const [before] = await store.read([id]);
    const [{ fields }] = await Promise.all([
      handlers.lineFields.known(request.headers),
      goods.ask({ images: productsOf(before), stock: countedIn(before) }),
      offers.ask(codesOf(before)),
      asked.method(),
    ]);
    const changed = await asking(goods, () =>
      changeCart(handlers, asked, id, (draft) => changeQuantities(draft, goods, fields, changes)),
    );
    return shownItems(reply, asked, changed);
  }

  async function changed(request: FastifyRequest<ByCart>, reply: FastifyReply, work: (draft: Draft) => void) {
    const id = cartIdOf(request.params.ref);
    const asked = askedFor(handlers, request.headers);
    return shownItems(reply, asked, await changeCart(handlers, asked, id, work));
  }
}

/** The body that lists the lines of a cart. */
function shownItems(reply: FastifyReply, asked: Asked, shown: ShownWhole) {
  tellMissing(reply, asked);
  return itemsReply(shown);
}

const countedIn = (cart: Cart | undefined): string[] =>
  cart?.lines.flatMap(({ productId, manageStock }) => (manageStock && productId !== null ? [productId] : [])) ?? [];

/**
 * Adds one line or a list of lines. With `add_all_or_nothing`, the first failure undoes everything. Otherwise the valid
 * lines are added, and the reply lists the failures in `errors` beside `data`. If every line fails, the request fails
 * with the first error.
 */
async function addLines(
  handlers: Handlers,
  request: FastifyRequest<ByCart>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const data = dataOf(request.body);
  const entries: unknown[] = Array.isArray(data) ? data : [data];
  if (entries.length === 0 || entries.length > maxLines) throw badRequest(`Add 1 to ${maxLines} items at once`, 'data');
  const id = cartIdOf(request.params.ref);
  const asked = askedFor(handlers, request.headers);
  const [supplies, defaultCurrency] = await Promise.all([
    suppliesOf(handlers, asked, id, entries, request),
    handlers.currencies.default(request.headers),
  ]);
  const { caller, currency } = request;
  const adder: Adder = { caller, currency, defaultCurrency, allOrNothing: isAllOrNothing(request.body) };
  return asking(asked.goods, () =>
    handlers.once(request, reply, id, async (changes) => {
      let failures: readonly CartsError[] = [];
      const changed = await changeIn(handlers, asked, changes, id, (draft) => {
        failures = addAll(new Adding(draft, adder, supplies), entries);
      });
      const errors = failures.flatMap(shownErrors);
      return { ...shownItems(reply, asked, changed), ...(errors.length > 0 && { errors }) };
    }),
  );
}

/** Returns the failures of those that could not be added. */
function addAll(to: Adding, entries: readonly unknown[]): readonly CartsError[] {
  const failures: CartsError[] = [];
  for (const entry of entries) {
    try {
      to.draft.attempt(() => addLine(to, entry));
    } catch (error) {
      if (!(error instanceof ServiceError) || to.allOrNothing) throw error;
      failures.push(error as CartsError);
    }
  }
  if (failures[0] !== undefined && failures.length === entries.length) throw failures[0];
  return [...failures, ...to.failures];
}

/** Asks for all that the entries name, before the cart is changed. */
async function suppliesOf(
  { store, peers, lineFields }: Handlers,
  asked: Asked,
  id: string,
  entries: readonly unknown[],
  request: FastifyRequest,
): Promise<Supplies> {
  const { goods, offers } = asked;
  const named = (type: string, ...names: string[]) =>
    entries
      .filter(isMembers)
      .filter((entry) => entry.type === type)
      .map((entry) => names.map((name) => entry[name]).find((value) => value !== undefined))
      .filter((value): value is string => typeof value === 'string' && value !== '');
  const sources = [...new Set(named('cart_items', 'cart_id'))];
  const orderIds = [...new Set(named('order_items', 'order_id'))];
  const [[before, ...found], orders] = await Promise.all([
    store.read([id, ...sources]),
    Promise.all(orderIds.map(async (order) => [order, await orderOf(peers, order, request)] as const)),
  ]);
  const merged = found.flatMap(productsOf);
  const again = orders.flatMap(([, order]) =>
    order instanceof CartsError ? [] : order.lines.flatMap(({ productId }) => productId ?? []),
  );
  const products = [...named('cart_item', 'id', 'sku'), ...merged.slice(0, maxLines), ...again.slice(0, maxLines)];
  const codes = named('promotion_item', 'code').filter((code) => code.length <= maxCodeLength);
  const [{ fields }, method] = await Promise.all([
    lineFields.known(request.headers),
    asked.method(),
    goods.ask({ products, images: productsOf(before) }),
    offers.require(codes),
    offers.ask(codesOf(before)),
  ]);
  return {
    ...{ goods, offers, method, fields },
    carts: new Map(sources.map((source, index) => [source, found[index]])),
    orders: new Map(orders),
  };
}

async function orderOf(
  peers: Handlers['peers'],
  id: string,
  { caller, headers }: FastifyRequest,
): Promise<PastOrder | CartsError> {
  try {
    return await peers.order(id, caller, headers);
  } catch (error) {
    if (error instanceof CartsError && ['bad_request', 'forbidden', 'not_found'].includes(error.code)) return error;
    throw error;
  }
}

function isAllOrNothing(body: unknown): boolean {
  const options = isMembers(body) ? body.options : undefined;
  return isMembers(options) && options.add_all_or_nothing === true;
}
