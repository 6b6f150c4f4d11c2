import type { Members } from '../api/body.ts';
import { failedValidation } from '../api/faults.ts';
import type { Queryable } from '../db.ts';
import { noteFirstStocks } from '../stock/noted-first-stocks.ts';
import { writeAttributes } from './product-attributes.ts';
import type { NewProduct, PriceInput, ProductChange } from './product-schema.ts';

/**
 * Inserts a product with its prices and attributes, and notes its first stock; returns its id. Runs in a transaction,
 * which `askFirstStocks` follows.
 */
export async function insertProduct(db: Queryable, product: NewProduct, data: Members, now: Date): Promise<string> {
  const { rows } = await db.query<{ id: string }>(
    `insert into products (name, slug, sku, description, manage_stock, commodity_type, status, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $8) returning id`,
    [
      product.name,
      product.slug,
      product.sku,
      product.description,
      product.manage_stock,
      product.commodity_type,
      product.status ?? 'draft',
      now,
    ],
  );
  const id = rows[0]?.id ?? '';
  await replacePrices(db, id, product.price);
  await writeAttributes(db, id, data);
  await noteFirstStocks(db, [{ product_id: id, quantity: product.stock ?? 0 }], now);
  return id;
}

/** Writes the given members; returns false if the product does not exist. Runs in a transaction. */
export async function updateProduct(
  db: Queryable,
  id: string,
  change: ProductChange,
  data: Members,
  now: Date,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update products set name = coalesce($2, name), slug = coalesce($3, slug), sku = coalesce($4, sku),
       description = coalesce($5, description), manage_stock = coalesce($6, manage_stock),
       commodity_type = coalesce($7, commodity_type), status = coalesce($8, status), updated_at = $9
     where id = $1`,
    [
      id,
      change.name,
      change.slug,
      change.sku,
      change.description,
      change.manage_stock,
      change.commodity_type,
      change.status,
      now,
    ],
  );
  if (rowCount === 0) return false;
  if (change.price !== undefined) await replacePrices(db, id, change.price);
  await writeAttributes(db, id, data);
  return true;
}

async function replacePrices(db: Queryable, id: string, prices: readonly PriceInput[]): Promise<void> {
  const twice = prices.find((price, index) => prices.findIndex((other) => other.currency === price.currency) < index);
  if (twice !== undefined) {
    throw failedValidation([{ detail: `The data.price field holds ${twice.currency} twice.`, source: 'data.price' }]);
  }
  await db.query('delete from product_prices where product_id = $1', [id]);
  await db.query(
    `insert into product_prices (product_id, currency, amount, includes_tax)
     select $1, * from unnest($2::text[], $3::bigint[], $4::boolean[])`,
    [
      id,
      prices.map((price) => price.currency),
      prices.map((price) => price.amount),
      prices.map((price) => price.includes_tax ?? true),
    ],
  );
}
