import type { IncomingHttpHeaders } from 'node:http';
import type { Access } from '@banyan/kit/access';
import { isUuid } from '@banyan/kit/api';
import type { ServiceError } from '@banyan/kit/errors';
import { type Asking, forwarded, type PeerReply, unavailable } from '@banyan/kit/peers';
import type { Promotion } from './discounts.ts';
import { CartsError, forbidden, notFound } from './errors.ts';
import type { Image, PastOrder, Product } from './products.ts';

/** How many one request names, and how long its path may become: heads have 16 KiB. */
const batch = { names: 100, characters: 8_000 };

/** A promotion, with the code by which it was asked for. */
export type PromotionRow = Promotion & {
  code: { text: string; for_customer: string | null; used_up: boolean } | null;
};

/** What this service asks of others. Each list is asked for in batches, all at once. */
export class Peers {
  readonly #asking: Asking;

  constructor(asking: Asking) {
    this.#asking = asking;
  }

  /**
   * Products by id or SKU: text that is not an id is a SKU.
   *
   * @throws ServiceError `peer_unavailable`, `peer_timeout`
   */
  products(wanted: readonly string[], headers: IncomingHttpHeaders): Promise<Product[]> {
    const parameters = wanted.map((text) => `${isUuid(text) ? 'id' : 'sku'}=${encodeURIComponent(text)}`);
    return this.#inBatches('products', '/internal/products', parameters, headers);
  }

  /** Available stock by the id of the product. @throws as `products` */
  async stock(ids: readonly string[], headers: IncomingHttpHeaders): Promise<Map<string, number>> {
    const rows = await this.#byIds<{ id: string; available: number }>('inventories', '/internal/stock', ids, headers);
    return new Map(rows.map(({ id, available }) => [id, available]));
  }

  /** Main images by the id of the product. Null: their owner cannot be asked. Never rejects. */
  async images(ids: readonly string[], headers: IncomingHttpHeaders): Promise<Map<string, Image> | null> {
    try {
      const rows = await this.#byIds<{ id: string; image: Image }>('products', '/internal/images', ids, headers);
      return new Map(rows.map(({ id, image }) => [id, image]));
    } catch {
      return null;
    }
  }

  /** Those of the promotion codes that exist, each with its promotion. @throws as `products` */
  codes(texts: readonly string[], headers: IncomingHttpHeaders): Promise<PromotionRow[]> {
    const parameters = texts.map((text) => `code=${encodeURIComponent(text)}`);
    return this.#inBatches('promotions', '/internal/promotions', parameters, headers);
  }

  /** The automatic promotions that run, oldest first. @throws as `products` */
  automatic(headers: IncomingHttpHeaders): Promise<PromotionRow[]> {
    return this.#asking.internalList('promotions', '/internal/promotions?automatic=true', headers);
  }

  /** Those of the customers that exist. @throws as `products` */
  async customers(ids: readonly string[], headers: IncomingHttpHeaders): Promise<Set<string>> {
    const rows = await this.#byIds<{ id: string }>('customers', '/internal/customers', ids, headers);
    return new Set(rows.map(({ id }) => id));
  }

  /**
   * An order that the caller may see.
   *
   * @throws CartsError what its owner replies to the caller; ServiceError `peer_unavailable`, `peer_timeout`
   */
  async order(id: string, { kind, subject }: Access, headers: IncomingHttpHeaders): Promise<PastOrder> {
    if (!isUuid(id)) throw notFound('The requested order could not be found');
    if (kind === 'implicit' && subject === undefined) {
      throw forbidden('Orders need a customer token or client credentials');
    }
    const own = forwarded(headers, ['authorization', 'x-moltin-customer-token']);
    const { status, body } = await this.#asking.ask('orders', `/v2/orders/${id}?include=items`, own, headers);
    if (status !== 200) throw refusalOf(status, body);
    return orderOf(body);
  }

  #byIds<Row>(service: string, path: string, ids: readonly string[], headers: IncomingHttpHeaders): Promise<Row[]> {
    return this.#inBatches(
      service,
      path,
      ids.map((id) => `id=${id}`),
      headers,
    );
  }

  async #inBatches<Row>(
    service: string,
    path: string,
    parameters: readonly string[],
    headers: IncomingHttpHeaders,
  ): Promise<Row[]> {
    const asked = batchesOf(parameters).map((some) =>
      this.#asking.internalList<Row>(service, `${path}?${some.join('&')}`, headers),
    );
    return (await Promise.all(asked)).flat();
  }
}

function batchesOf(parameters: readonly string[]): string[][] {
  const batches: string[][] = [];
  let characters = 0;
  for (const parameter of parameters) {
    const last = batches.at(-1);
    characters += parameter.length + 1;
    if (last === undefined || last.length >= batch.names || characters > batch.characters) {
      batches.push([parameter]);
      characters = parameter.length;
    } else last.push(parameter);
  }
  return batches;
}

interface OrderBody {
  data?: { meta?: { display_price?: { with_tax?: { currency?: string } } } };
  included?: {
    items?: {
      product_id?: string;
      name: string;
      sku: string;
      quantity: number;
      unit_price: { amount: number; includes_tax: boolean };
    }[];
  };
}

function orderOf(body: OrderBody): PastOrder {
  const currency = body.data?.meta?.display_price?.with_tax?.currency;
  if (currency === undefined) throw unavailable('orders');
  const lines = (body.included?.items ?? []).map(({ product_id, name, sku, quantity, unit_price }) => ({
    productId: product_id ?? null,
    name,
    sku,
    quantity,
    unitAmount: unit_price.amount,
    includesTax: unit_price.includes_tax,
  }));
  return { currency, lines };
}

/** The owner's refusal, which is the one that the caller gets. */
function refusalOf(status: number, body: PeerReply['body']): ServiceError {
  const codes = { 400: 'bad_request', 401: 'invalid_token', 403: 'forbidden', 404: 'not_found' } as const;
  const code = codes[status as keyof typeof codes];
  if (code === undefined) return unavailable('orders');
  const [fault] = Array.isArray(body.errors) ? (body.errors as { title?: string; detail?: string }[]) : [];
  const { title, detail } = fault ?? {};
  return new CartsError(code, { ...(title !== undefined && { title }), ...(detail !== undefined && { detail }) });
}
