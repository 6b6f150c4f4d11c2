import { isUuid } from '../api/ids.ts';
import type { Queryable } from '../db.ts';
import { imageColumn, type ProductImage } from '../files/product-image.ts';

/** A product as carts need it. */
export interface ShelfProduct {
  id: string;
  name: string;
  sku: string;
  slug: string;
  description: string;
  manage_stock: boolean;
  status: 'live' | 'draft';
  available: number;
  /** Minor units; null if the product has no price in the currency. */
  amount: number | null;
  includes_tax: boolean;
  image: ProductImage | null;
}

/** The products that one request adds to a cart. One query reads the products of a list, each once. */
export class Shelf {
  readonly #db: Queryable;
  readonly #known = new Map<string, ShelfProduct | undefined>();

  constructor(db: Queryable) {
    this.#db = db;
  }

  /** Reads products by id or SKU, with their prices in `currency`. Text that is not an id is a SKU. */
  async fetch(wanted: readonly string[], currency: string): Promise<void> {
    const missing = wanted.filter((each) => !this.#known.has(keyOf(each, currency)));
    if (missing.length === 0) return;
    const { rows } = await this.#db.query<ShelfProduct>(
      `select p.id, p.name, p.sku, p.slug, p.description, p.manage_stock, p.status,
         coalesce(s.available, 0)::float8 as available, c.amount::float8 as amount, c.includes_tax,
         ${imageColumn('p.id')}
       from products p left join product_prices c on c.product_id = p.id and c.currency = $3
         left join stock s on s.product_id = p.id
       where p.id = any($1::uuid[]) or p.sku = any($2)`,
      [missing.filter(isUuid), missing.filter((each) => !isUuid(each)), currency],
    );
    for (const each of missing) this.#known.set(keyOf(each, currency), undefined);
    for (const row of rows) {
      this.#known.set(keyOf(row.id, currency), row);
      if (!isUuid(row.sku)) this.#known.set(keyOf(row.sku, currency), row);
    }
  }

  /** The product with an id or SKU; undefined if there is none. */
  async find(wanted: string, currency: string): Promise<ShelfProduct | undefined> {
    await this.fetch([wanted], currency);
    return this.#known.get(keyOf(wanted, currency));
  }
}

function keyOf(wanted: string, currency: string): string {
  return `${currency} ${isUuid(wanted) ? wanted.toLowerCase() : wanted}`;
}
