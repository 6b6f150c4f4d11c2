import type { IncomingHttpHeaders } from 'node:http';
import { isUuid } from '@banyan/kit/api';
import type { Peers } from './peers.ts';
import { type Image, noImage, type Product } from './products.ts';

/** What a request needs to know of products. */
export interface Need {
  /** Ids and SKUs of products to add. Their stock and images come along. */
  products?: readonly string[];
  /** Ids of products whose stock decides. */
  stock?: readonly string[];
  /** Ids of products that are shown. */
  images?: readonly string[];
}

/** Something was needed that was not asked for: the cart has changed meanwhile. Ask, and do the work again. */
export class NotAsked extends Error {
  override readonly name = 'NotAsked';
  readonly need: Need;

  constructor(need: Need) {
    super('this was not asked for');
    this.need = need;
  }
}

const keyOf = (wanted: string): string => (isUuid(wanted) ? wanted.toLowerCase() : wanted);

/**
 * What the owners of products and stock know of the products of one request. Each is asked once, in one round of parallel
 * batches. The stock of products that are named by SKU takes a second round, as their ids are not known before.
 */
export class Goods {
  readonly #peers: Peers;
  readonly #headers: IncomingHttpHeaders;
  readonly #products = new Map<string, Product | null>();
  readonly #stock = new Map<string, number>();
  readonly #images = new Map<string, Image>();
  /** The owner of images could not be asked. */
  imagesMissing = false;

  constructor(peers: Peers, headers: IncomingHttpHeaders) {
    this.#peers = peers;
    this.#headers = headers;
  }

  /** @throws ServiceError `peer_unavailable`, `peer_timeout`: an owner whose word decides cannot be asked */
  async ask({ products = [], stock = [], images = [] }: Need): Promise<void> {
    const wanted = fresh(products.map(keyOf), this.#products);
    const ids = wanted.filter(isUuid);
    await Promise.all([
      this.#askProducts(wanted),
      this.#askStock([...stock, ...ids]),
      this.#askImages([...images, ...ids]),
    ]);
    const bySku = wanted.flatMap((sku) => (isUuid(sku) ? [] : (this.#products.get(sku) ?? [])));
    await Promise.all([
      this.#askStock(bySku.filter(({ manage_stock }) => manage_stock).map(({ id }) => id)),
      this.#askImages(bySku.map(({ id }) => id)),
    ]);
  }

  /** The product with an id or a SKU; undefined if there is none. @throws NotAsked */
  product(wanted: string): Product | undefined {
    const found = this.#products.get(keyOf(wanted));
    if (found === undefined) throw new NotAsked({ products: [wanted] });
    return found ?? undefined;
  }

  /** @throws NotAsked */
  available(productId: string): number {
    const found = this.#stock.get(productId);
    if (found === undefined) throw new NotAsked({ stock: [productId] });
    return found;
  }

  /** The image of a line; an empty one if it was not asked for. */
  image(productId: string | null): Image {
    return (productId === null ? undefined : this.#images.get(productId)) ?? noImage;
  }

  async #askProducts(wanted: readonly string[]): Promise<void> {
    if (wanted.length === 0) return;
    const found = await this.#peers.products(wanted, this.#headers);
    for (const one of wanted) this.#products.set(one, null);
    for (const product of found) {
      this.#products.set(product.id, product);
      if (!isUuid(product.sku)) this.#products.set(product.sku, product);
    }
  }

  async #askStock(ids: readonly string[]): Promise<void> {
    const wanted = fresh(ids, this.#stock);
    if (wanted.length === 0) return;
    const found = await this.#peers.stock(wanted, this.#headers);
    for (const id of wanted) this.#stock.set(id, found.get(id) ?? 0);
  }

  async #askImages(ids: readonly string[]): Promise<void> {
    const wanted = fresh(ids, this.#images);
    if (wanted.length === 0) return;
    const found = await this.#peers.images(wanted, this.#headers);
    if (found === null) this.imagesMissing = true;
    else for (const id of wanted) this.#images.set(id, found.get(id) ?? noImage);
  }
}

function fresh(wanted: readonly string[], known: ReadonlyMap<string, unknown>): string[] {
  return [...new Set(wanted)].filter((one) => !known.has(one));
}
