import type { Queryable } from '../db.ts';
import { imageColumn, type ProductImage } from '../files/product-image.ts';

/** A cart expires this long after its last change. Reads check the expiry. */
export const cartLifetimeMs = 7 * 24 * 60 * 60 * 1000;

export interface CartRow {
  id: string;
  name: string | null;
  description: string | null;
  /** The first item sets the currency; null while the cart is empty. */
  currency: string | null;
  created_at: Date;
  updated_at: Date;
}

export interface TaxRow {
  id: string;
  item_id: string;
  name: string | null;
  jurisdiction: string | null;
  code: string | null;
  /** A fraction: 0.2 is 20 %. */
  rate: number;
}

export interface ItemRow {
  id: string;
  type: 'cart_item' | 'custom_item';
  product_id: string | null;
  name: string;
  sku: string;
  slug: string;
  description: string;
  quantity: number;
  manage_stock: boolean;
  /** Minor units. */
  unit_amount: number;
  includes_tax: boolean;
  /** Of the product as it is now; null without one. */
  image: ProductImage | null;
  created_at: Date;
  updated_at: Date;
  taxes: TaxRow[];
}

const cartColumns = 'id, name, description, currency, created_at, updated_at';
const itemColumns = `id, type, product_id, name, sku, slug, description, quantity, manage_stock,
  unit_amount::float8 as unit_amount, includes_tax, created_at, updated_at, ${imageColumn('cart_items.product_id')}`;

/** The cart; undefined if there is none or it has expired. */
export async function findCart(db: Queryable, id: string, now: Date): Promise<CartRow | undefined> {
  const { rows } = await db.query<CartRow>(`select ${cartColumns} from carts where id = $1 and updated_at > $2`, [
    id,
    lastLiveMoment(now),
  ]);
  return rows[0];
}

/**
 * The cart, created if missing, locked until the end of the transaction and marked as changed. An expired cart starts
 * afresh.
 */
export async function openCart(db: Queryable, id: string, now: Date): Promise<CartRow> {
  // The no-op update locks the row. With "do nothing", a deletion could come before a second statement locks the row.
  const { rows } = await db.query<CartRow>(
    `insert into carts (id, created_at, updated_at) values ($1, $2, $2)
     on conflict (id) do update set id = excluded.id returning ${cartColumns}`,
    [id, now],
  );
  const cart = rows[0];
  if (cart === undefined) throw new Error('An upsert gave no row');
  if (cart.updated_at > lastLiveMoment(now)) {
    await db.query('update carts set updated_at = $2 where id = $1', [id, now]);
    return { ...cart, updated_at: now };
  }
  await db.query('delete from cart_items where cart_id = $1', [id]);
  await db.query('delete from cart_promotions where cart_id = $1', [id]);
  await db.query('delete from cart_field_values where owner_id = $1', [id]);
  await db.query('delete from cart_customers where cart_id = $1', [id]);
  const afresh = { id, name: null, description: null, currency: null, created_at: now, updated_at: now };
  await db.query(
    `update carts set name = null, description = null, currency = null, created_at = $2, updated_at = $2 where id = $1`,
    [id, now],
  );
  return afresh;
}

/** The lines of a cart in insertion order, each with its taxes. */
export async function loadItems(db: Queryable, cartId: string): Promise<ItemRow[]> {
  const items = await db.query<Omit<ItemRow, 'taxes'>>(
    `select ${itemColumns} from cart_items where cart_id = $1 order by position, id`,
    [cartId],
  );
  const taxes = await db.query<TaxRow>(
    `select id, item_id, name, jurisdiction, code, rate from cart_item_taxes where item_id = any($1) order by position, id`,
    [items.rows.map((item) => item.id)],
  );
  const byItem = Map.groupBy(taxes.rows, (tax) => tax.item_id);
  return items.rows.map((item) => ({ ...item, taxes: byItem.get(item.id) ?? [] }));
}

export function lastLiveMoment(now: Date): Date {
  return new Date(now.getTime() - cartLifetimeMs);
}
