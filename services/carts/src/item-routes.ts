import { badRequest, checker, dataOf, isMembers, listOf, objectOf } from '@banyan/kit/api';
import { ServiceError } from '@banyan/kit/errors';
import type { Server } from '@banyan/kit/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { addLine } from './add-line.ts';
import { type Adder, Adding, type Supplies } from './adding.ts';
import { type Cart, cartIdOf } from './cart.ts';
import { NewQuantities, NewQuantity, paths } from './contract.ts';
import type { Draft } from './draft.ts';
import { CartsError } from './errors.ts';
import { Goods } from './goods.ts';
import {
  asking,
  type ByCart,
  type ByItem,
  changeCart,
  changeIn,
  type Handlers,
  productsOf,
  shownItems,
} from './handlers.ts';
import { maxLines } from './limits.ts';
import { shownErrors } from './once.ts';
import type { PastOrder } from './products.ts';
import { changeQuantities } from './quantities.ts';

const newQuantity = checker(NewQuantity);
const newQuantities = checker(NewQuantities);

/** The lines of a cart. */
export function addItemRoutes(server: Server, handlers: Handlers): void {
  const { store, peers } = handlers;

  server.get<ByCart>(paths.items, { schema: { summary: 'List the lines' } }, async (request, reply) => {
    const id = cartIdOf(request.params.ref);
    const [cart] = await store.read([id]);
    return shownItems(handlers, request, reply, { id, cart });
  });

  server.post<ByCart>(paths.items, { schema: { summary: 'Add one line or a list' } }, (request, reply) =>
    addLines(handlers, request, reply),
  );

  server.put<ByItem>(paths.item, { schema: { summary: 'Set a quantity' } }, (request, reply) => {
    const { quantity } = newQuantity(objectOf(request.body));
    return setQuantities(request, reply, [{ id: request.params.item, quantity }]);
  });

  server.put<ByCart>(paths.items, { schema: { summary: 'Set quantities' } }, (request, reply) =>
    setQuantities(request, reply, newQuantities(listOf(request.body))),
  );

  server.delete<ByItem>(paths.item, { schema: { summary: 'Remove a line' } }, (request, reply) =>
    changed(request, reply, (draft) => draft.remove(draft.require(request.params.item).id)),
  );

  server.delete<ByCart>(paths.items, { schema: { summary: 'Remove all lines' } }, (request, reply) =>
    changed(request, reply, (draft) => draft.clear()),
  );

  async function setQuantities(
    request: FastifyRequest<ByCart>,
    reply: FastifyReply,
    changes: readonly { id: string; quantity: number }[],
  ) {
    const id = cartIdOf(request.params.ref);
    const goods = new Goods(peers, request.headers);
    const [before] = await store.read([id]);
    await goods.ask({ images: productsOf(before), stock: countedIn(before) });
    const cart = await asking(goods, () =>
      changeCart(handlers, id, (draft) => changeQuantities(draft, goods, changes)),
    );
    return shownItems(handlers, request, reply, { id, cart, goods });
  }

  async function changed(request: FastifyRequest<ByCart>, reply: FastifyReply, work: (draft: Draft) => void) {
    const id = cartIdOf(request.params.ref);
    return shownItems(handlers, request, reply, { id, cart: await changeCart(handlers, id, work) });
  }
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
  const [supplies, defaultCurrency] = await Promise.all([
    suppliesOf(handlers, id, entries, request),
    handlers.currencies.default(request.headers),
  ]);
  const { caller, currency } = request;
  const adder: Adder = { caller, currency, defaultCurrency, allOrNothing: isAllOrNothing(request.body) };
  return asking(supplies.goods, () =>
    handlers.once(request, reply, id, async (changes) => {
      let failures: readonly CartsError[] = [];
      const cart = await changeIn(handlers, changes, id, (draft) => {
        failures = addAll(new Adding(draft, adder, supplies), entries);
      });
      return async () => {
        const errors = failures.flatMap(shownErrors);
        const shown = await shownItems(handlers, request, reply, { id, cart, goods: supplies.goods });
        return { ...shown, ...(errors.length > 0 && { errors }) };
      };
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
  { store, peers }: Handlers,
  id: string,
  entries: readonly unknown[],
  request: FastifyRequest,
): Promise<Supplies> {
  const goods = new Goods(peers, request.headers);
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
  await goods.ask({ products, images: productsOf(before) });
  return { goods, carts: new Map(sources.map((source, index) => [source, found[index]])), orders: new Map(orders) };
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
