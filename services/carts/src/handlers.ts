import type { IncomingHttpHeaders } from 'node:http';
import { microsOf } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Cart, emptyCart } from './cart.ts';
import type { Currencies } from './currencies.ts';
import { Draft } from './draft.ts';
import { Goods, NotAsked } from './goods.ts';
import type { ReplyOnce } from './once.ts';
import type { Peers } from './peers.ts';
import type { Changes, Store } from './store.ts';
import { itemsReply, type Shown } from './view.ts';

/** What the routes of this service share. */
export interface Handlers {
  store: Store;
  peers: Peers;
  currencies: Currencies;
  once: ReplyOnce;
  /** The platform's address as clients see it. */
  publicUrl: string;
  now: Clock;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The currency of `X-MOLTIN-CURRENCY`. */
    currency: string | undefined;
  }
}

export interface ByCart {
  Params: { ref: string };
}
export interface ByItem {
  Params: { ref: string; item: string };
}

/** Set on a reply from which something is missing because its owner could not be asked: the owner's name. */
const missingHeader = 'x-banyan-missing';

/** A cart that changes this often while one request asks about it is left alone. */
const maxRounds = 10;

/** Changes the cart of a transaction. Creates it if there is none. */
export async function changeIn(
  { now }: Pick<Handlers, 'now'>,
  changes: Changes,
  id: string,
  work: (draft: Draft) => void,
): Promise<Cart> {
  const at = microsOf(now());
  const draft = new Draft((await changes.find()) ?? emptyCart(id, at), at);
  work(draft);
  await changes.put(draft.cart);
  return draft.cart;
}

/** Changes a cart in a transaction of its own. */
export function changeCart(handlers: Handlers, id: string, work: (draft: Draft) => void): Promise<Cart> {
  return handlers.store.transaction(id, (changes) => changeIn(handlers, changes, id, work));
}

/** Repeats an attempt that met something that was not asked for, after asking for it. */
export async function asking<Result>(goods: Goods, attempt: () => Promise<Result>): Promise<Result> {
  for (let round = 1; ; round += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof NotAsked) || round === maxRounds) throw error;
      await goods.ask(error.need);
    }
  }
}

export async function shownOf(
  { currencies, publicUrl }: Handlers,
  id: string,
  cart: Cart | undefined,
  headers: IncomingHttpHeaders,
): Promise<Shown> {
  const style = cart?.currency == null ? undefined : await currencies.style(cart.currency, headers);
  return { id, cart, style, publicUrl };
}

/** Ids of the products of a cart. */
export const productsOf = (cart: Cart | undefined): string[] =>
  cart?.lines.flatMap(({ productId }) => productId ?? []) ?? [];

/** The body that lists the lines of a cart. */
export async function shownItems(
  handlers: Handlers,
  request: FastifyRequest,
  reply: FastifyReply,
  shown: { id: string; cart: Cart | undefined; goods?: Goods },
) {
  const { id, cart, goods = new Goods(handlers.peers, request.headers) } = shown;
  const [view] = await Promise.all([
    shownOf(handlers, id, cart, request.headers),
    goods.ask({ images: productsOf(cart) }),
  ]);
  if (goods.imagesMissing) reply.header(missingHeader, 'products');
  return itemsReply(view, (productId) => goods.image(productId));
}
