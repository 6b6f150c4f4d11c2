import { randomUUID } from 'node:crypto';
import { type Authenticate, type FindSubject, type Rule, readOnlyForShoppers } from '@banyan/kit/access';
import {
  checker,
  failedValidation,
  includedMember,
  includeOf,
  linkIds,
  listOf,
  listReply,
  objectOf,
  queryOf,
  readPage,
} from '@banyan/kit/api';
import { causeOf } from '@banyan/kit/facts';
import { checkValues, joinedIncludes } from '@banyan/kit/fields';
import type { Server } from '@banyan/kit/http';
import { guardApi } from '@banyan/kit/peers';
import type { FastifyRequest } from 'fastify';
import { type Cart, cartIdOf } from './cart.ts';
import { CartChange, NewCart, paths } from './contract.ts';
import type { Draft } from './draft.ts';
import { addCartEntryRoutes } from './entry-routes.ts';
import { forbidden, notFound } from './errors.ts';
import { type ByCart, changeCart, changeIn, type Handlers } from './handlers.ts';
import { addItemRoutes } from './item-routes.ts';
import { addLinkRoutes } from './link-routes.ts';
import { type Asked, askedFor, linkedBy, shownCarts, shownWhole, tellMissing } from './showing.ts';
import { addTaxRoutes } from './tax-routes.ts';
import { cartView, itemViews, type Shown } from './view.ts';

const newCart = checker(NewCart);
const cartChange = checker(CartChange);

/** Every client that knows the id of a cart may use it; shoppers must not set their own tax, and write no entries. */
const rule: Rule = (asked, access) =>
  asked.path.startsWith('/v2/flows/')
    ? readOnlyForShoppers(asked, access)
    : access.kind === 'client_credentials' || !asked.path.split('/').includes('taxes');

export interface Guards {
  authenticate: Authenticate;
  /** Who a customer token belongs to. */
  findCustomer: FindSubject;
}

/** HTTP to domain, and back. */
export function addRoutes(server: Server, handlers: Handlers, guards: Guards): void {
  const { store, peers, currencies, cartFields, once, settings, publicUrl } = handlers;
  const change = ({ headers, params }: FastifyRequest<ByCart>, work: (draft: Draft) => void) =>
    changeCart(handlers, askedFor(handlers, headers), cartIdOf(params.ref), work);
  server.decorateRequest('currency', undefined);
  const requireCurrency = async (request: FastifyRequest) => {
    request.currency = await currencies.asked(request.headers);
  };
  guardApi(server, { ...guards, rule, requireCurrency });

  server.get<ByCart>(paths.cart, { schema: { summary: 'Read a cart' } }, async (request, reply) => {
    const id = cartIdOf(request.params.ref);
    const [cart] = await store.read([id]);
    const asked = askedFor(handlers, request.headers);
    const include = includeOf(queryOf(request));
    const known = include.size === 0 ? null : await cartFields.shown(request.headers);
    const [{ shown, items }, linked] = await Promise.all([
      include.has('items') ? shownWithItems(id, cart, asked) : shownAlone(id, cart, asked),
      linkedBy(handlers, asked, request, known?.fields ?? [], [cart?.values ?? {}]),
    ]);
    tellMissing(reply, asked);
    return { data: cartView(shown), ...includedMember(joinedIncludes({ items }, linked)) };
  });

  server.get(paths.carts, { schema: { summary: 'List carts' } }, async (request, reply) => {
    const customerId = request.caller.subject ?? null;
    if (customerId === null && request.caller.kind === 'implicit') throw forbidden('Lists of carts need a customer');
    const page = await readPage(queryOf(request), async () => (await settings(request.headers)).pageLength);
    const { carts, total } = await store.list(customerId, page);
    const asked = askedFor(handlers, request.headers);
    const views = await shownCarts(
      handlers,
      asked,
      carts.map((cart) => ({ id: cart.id, cart })),
    );
    tellMissing(reply, asked);
    return listReply({ request, publicUrl }, page, total, views.map(cartView));
  });

  server.post(paths.carts, { schema: { summary: 'Make a named cart' } }, async (request, reply) => {
    const data = objectOf(request.body);
    const { name, description, id: wanted } = newCart(data);
    const id = wanted === undefined ? randomUUID() : cartIdOf(wanted);
    const { subject } = request.caller;
    if (subject !== undefined) await requireCustomers([subject], request);
    const asked = askedFor(handlers, request.headers);
    const { fields } = await cartFields.known(request.headers);
    return once(request, reply, id, async (changes) => {
      const made = await changeIn(handlers, asked, changes, id, (draft) => {
        if (draft.cart.name !== null) {
          throw failedValidation([{ detail: 'The cart already exists.', source: 'data.id' }]);
        }
        label(draft, name, description);
        draft.setValues(checkValues(fields, data, true));
        if (subject !== undefined) associate(draft, [subject]);
      });
      tellMissing(reply, asked);
      return { data: cartView(made) };
    });
  });

  server.put<ByCart>(paths.cart, { schema: { summary: 'Rename a cart' } }, async (request, reply) => {
    const data = objectOf(request.body);
    const { name, description } = cartChange(data);
    const id = cartIdOf(request.params.ref);
    const asked = askedFor(handlers, request.headers);
    const { fields } = await cartFields.known(request.headers);
    const renamed = await changeCart(handlers, asked, id, (draft) => {
      label(draft, name, description);
      draft.setValues(checkValues(fields, data, false));
    });
    tellMissing(reply, asked);
    return { data: cartView(renamed) };
  });

  server.delete<ByCart>(paths.cart, { schema: { summary: 'Delete a cart' } }, async (request, reply) => {
    const cause = causeOf(request.headers, handlers.now());
    await store.transaction(cartIdOf(request.params.ref), cause, (changes) => changes.delete());
    return reply.code(204).send();
  });

  server.post<ByCart>(paths.customers, { schema: { summary: 'Give a cart to customers' } }, async (request) => {
    const ids = customersOf(request);
    await requireCustomers(ids, request);
    await change(request, (draft) => associate(draft, ids));
    return { data: ids.map((id) => ({ type: 'customer', id })) };
  });

  server.delete<ByCart>(paths.customers, { schema: { summary: 'Let customers go' } }, async (request, reply) => {
    const ids = customersOf(request);
    await change(request, (draft) => {
      draft.cart = { ...draft.cart, customers: draft.cart.customers.filter((id) => !ids.includes(id)) };
    });
    return reply.code(204).send();
  });

  addItemRoutes(server, handlers);
  addTaxRoutes(server, handlers);
  addLinkRoutes(server, handlers);
  addCartEntryRoutes(server, handlers);

  async function shownAlone(id: string, cart: Cart | undefined, asked: Asked) {
    const [shown] = await shownCarts(handlers, asked, [{ id, cart }]);
    return { shown: shown as Shown, items: [] };
  }

  async function shownWithItems(id: string, cart: Cart | undefined, asked: Asked) {
    const shown = await shownWhole(handlers, asked, { id, cart });
    return { shown, items: itemViews(shown) };
  }

  /** @throws CartsError `not_found` */
  async function requireCustomers(ids: readonly string[], { headers }: FastifyRequest): Promise<void> {
    if (ids.length === 0) return;
    const known = await peers.customers(ids, headers);
    if (!ids.every((id) => known.has(id))) throw notFound('customer not found');
  }
}

/** Customers named in a body. Shoppers and bearers of a customer token may name themselves only. */
function customersOf({ body, caller }: FastifyRequest): string[] {
  const ids = linkIds(listOf(body));
  const narrowed = caller.kind === 'implicit' || caller.subject !== undefined;
  if (narrowed && ids.some((id) => id !== caller.subject)) throw forbidden('This is another customer');
  return ids;
}

function associate(draft: Draft, ids: readonly string[]): void {
  draft.cart = { ...draft.cart, customers: [...new Set([...draft.cart.customers, ...ids])].sort() };
}

function label(draft: Draft, name?: string, description?: string): void {
  const { cart } = draft;
  draft.cart = { ...cart, name: name ?? cart.name, description: description ?? cart.description };
}
