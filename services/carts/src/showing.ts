import type { IncomingHttpHeaders } from 'node:http';
import { type Included, includeOf, queryOf } from '@banyan/kit/api';
import { type EntityFields, type Field, type FieldIncludes, missingHeader, type Values } from '@banyan/kit/fields';
import type { AskSettings } from '@banyan/kit/peers';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Cart, Message } from './cart.ts';
import type { Currencies } from './currencies.ts';
import { discountsOf } from './discounts.ts';
import { Goods } from './goods.ts';
import type { CalculationMethod } from './money.ts';
import { type AutomaticPromotions, KnownOffers } from './offers.ts';
import type { Peers } from './peers.ts';
import type { Shown, ShownWhole } from './view.ts';

/** What it takes to show carts. */
export interface Showing {
  peers: Peers;
  currencies: Currencies;
  automatic: AutomaticPromotions;
  settings: AskSettings;
  /** What an operator added to carts. */
  cartFields: EntityFields;
  /** What an operator added to lines. */
  lineFields: EntityFields;
  /** What links of such fields lead to. */
  includes: FieldIncludes;
  /** The platform's address as clients see it. */
  publicUrl: string;
}

/** What one request asks of others, each thing once. */
export interface Asked {
  headers: IncomingHttpHeaders;
  goods: Goods;
  offers: KnownOffers;
  /** How carts are priced, for all of the request. Never rejects. */
  method(): Promise<CalculationMethod>;
  /** The owner of fields could not be asked yet. */
  fieldsMissing: boolean;
  /** Owners of what a request wanted included that could not be asked. */
  includesMissing: readonly string[];
}

export function askedFor({ peers, automatic, settings }: Showing, headers: IncomingHttpHeaders): Asked {
  let method: Promise<CalculationMethod> | undefined;
  return {
    headers,
    goods: new Goods(peers, headers),
    offers: new KnownOffers(peers, automatic, headers),
    method: () => {
      method ??= settings(headers).then(({ calculationMethod }) => calculationMethod);
      return method;
    },
    fieldsMissing: false,
    includesMissing: [],
  };
}

/** Carts with their prices. `cart` is undefined for one that does not exist. */
export async function shownCarts(
  { currencies, cartFields, publicUrl }: Showing,
  asked: Asked,
  carts: readonly { id: string; cart: Cart | undefined }[],
): Promise<Shown[]> {
  const { headers, offers } = asked;
  const filled = carts.flatMap(({ cart }) => (cart !== undefined && cart.lines.length > 0 ? [cart] : []));
  const [styles, known, method] = await Promise.all([
    Promise.all(
      carts.map(({ cart }) => (cart?.currency == null ? undefined : currencies.style(cart.currency, headers))),
    ),
    cartFields.shown(headers),
    // A cart without lines costs nothing by any method.
    filled.length === 0 ? ('simple' as const) : asked.method(),
    filled.length === 0 ? undefined : offers.ask(codesOf(...filled)),
  ]);
  if (known === null) asked.fieldsMissing = true;
  return carts.map(({ id, cart }, index) => ({
    ...{ id, cart, style: styles[index], method, fields: known?.fields ?? [], publicUrl },
    discounts: discountsOf(cart, offers, method),
  }));
}

/** A cart with its prices and all that its lines show. */
export async function shownWhole(
  showing: Showing,
  asked: Asked,
  { id, cart, messages = [] }: { id: string; cart: Cart | undefined; messages?: readonly Message[] },
): Promise<ShownWhole> {
  const [[shown], known] = await Promise.all([
    shownCarts(showing, asked, [{ id, cart }]),
    showing.lineFields.shown(asked.headers),
    asked.goods.ask({ images: productsOf(cart) }),
  ]);
  if (known === null) asked.fieldsMissing = true;
  return {
    ...(shown as Shown),
    messages,
    lineFields: known?.fields ?? [],
    imageOf: (productId) => asked.goods.image(productId),
  };
}

/** What links of fields lead to, as far as the request wants it. */
export async function linkedBy(
  { includes }: Showing,
  asked: Asked,
  request: FastifyRequest,
  fields: readonly Field[],
  values: readonly Values[],
): Promise<Included> {
  const { included, missing } = await includes.of(request, includeOf(queryOf(request)), fields, values);
  asked.includesMissing = missing;
  return included;
}

export function tellMissing(reply: FastifyReply, { goods, offers, fieldsMissing, includesMissing }: Asked): void {
  const missing = [
    ...(goods.imagesMissing ? ['products'] : []),
    ...(offers.missing ? ['promotions'] : []),
    ...(fieldsMissing ? ['flows'] : []),
    ...includesMissing,
  ];
  if (missing.length > 0) reply.header(missingHeader, [...new Set(missing)].join(', '));
}

/** Ids of the products of a cart. */
export const productsOf = (cart: Cart | undefined): string[] =>
  cart?.lines.flatMap(({ productId }) => productId ?? []) ?? [];

/** The promotion codes of carts. */
export const codesOf = (...carts: readonly (Cart | undefined)[]): string[] =>
  carts.flatMap((cart) => cart?.codes.map(({ code }) => code) ?? []);
