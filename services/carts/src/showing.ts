import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { Cart } from './cart.ts';
import type { Currencies } from './currencies.ts';
import { discountsOf } from './discounts.ts';
import type { Message } from './draft.ts';
import { Goods } from './goods.ts';
import { type AutomaticPromotions, KnownOffers } from './offers.ts';
import type { Peers } from './peers.ts';
import type { Shown, ShownWhole } from './view.ts';

/** What it takes to show carts. */
export interface Showing {
  peers: Peers;
  currencies: Currencies;
  automatic: AutomaticPromotions;
  /** The platform's address as clients see it. */
  publicUrl: string;
}

/** What one request asks of others, each thing once. */
export interface Asked {
  headers: IncomingHttpHeaders;
  goods: Goods;
  offers: KnownOffers;
}

export function askedFor({ peers, automatic }: Showing, headers: IncomingHttpHeaders): Asked {
  return { headers, goods: new Goods(peers, headers), offers: new KnownOffers(peers, automatic, headers) };
}

/** Carts with their prices. `cart` is undefined for one that does not exist. */
export async function shownCarts(
  { currencies, publicUrl }: Showing,
  { headers, offers }: Asked,
  carts: readonly { id: string; cart: Cart | undefined }[],
): Promise<Shown[]> {
  const filled = carts.flatMap(({ cart }) => (cart !== undefined && cart.lines.length > 0 ? [cart] : []));
  const [styles] = await Promise.all([
    Promise.all(
      carts.map(({ cart }) => (cart?.currency == null ? undefined : currencies.style(cart.currency, headers))),
    ),
    filled.length === 0 ? undefined : offers.ask(codesOf(...filled)),
  ]);
  return carts.map(({ id, cart }, index) => ({
    ...{ id, cart, style: styles[index], publicUrl },
    discounts: discountsOf(cart, offers),
  }));
}

/** A cart with its prices and all that its lines show. */
export async function shownWhole(
  showing: Showing,
  asked: Asked,
  { id, cart, messages = [] }: { id: string; cart: Cart | undefined; messages?: readonly Message[] },
): Promise<ShownWhole> {
  const [[shown]] = await Promise.all([
    shownCarts(showing, asked, [{ id, cart }]),
    asked.goods.ask({ images: productsOf(cart) }),
  ]);
  return { ...(shown as Shown), messages, imageOf: (productId) => asked.goods.image(productId) };
}

/** Set on a reply from which something is missing because its owner could not be asked: the owners' names. */
const missingHeader = 'x-banyan-missing';

export function tellMissing(reply: FastifyReply, { goods, offers }: Asked): void {
  const missing = [...(goods.imagesMissing ? ['products'] : []), ...(offers.missing ? ['promotions'] : [])];
  if (missing.length > 0) reply.header(missingHeader, missing.join(', '));
}

/** Ids of the products of a cart. */
export const productsOf = (cart: Cart | undefined): string[] =>
  cart?.lines.flatMap(({ productId }) => productId ?? []) ?? [];

/** The promotion codes of carts. */
export const codesOf = (...carts: readonly (Cart | undefined)[]): string[] =>
  carts.flatMap((cart) => cart?.codes.map(({ code }) => code) ?? []);
