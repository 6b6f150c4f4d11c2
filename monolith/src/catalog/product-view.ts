import { type CurrencyStyle, formattedPrice } from '../money.ts';
import type { ProductDetails } from './product-details.ts';
import type { ProductRow } from './product-rows.ts';

/** A product in the form of the API. `currency` is the display currency that the client wants. */
export function productView(row: ProductRow, details: ProductDetails, currency: CurrencyStyle) {
  const prices = details.prices.get(row.id) ?? [];
  const variations = details.families.variations.get(row.id);
  const level = details.available.get(row.id) ?? 0;
  return {
    // First, so that no attribute can hide a member of the product.
    ...row.attributes,
    type: 'product',
    id: row.id,
    name: row.name,
    slug: row.slug,
    sku: row.sku,
    manage_stock: row.manage_stock,
    description: row.description,
    price: prices,
    status: row.status,
    commodity_type: row.commodity_type,
    meta: {
      timestamps: { created_at: row.created_at.toISOString(), updated_at: row.updated_at.toISOString() },
      ...displayPrice(prices.find((price) => price.currency === currency.code)?.amount, currency),
      ...(variations && { variations }),
      stock: { level, availability: level > 0 ? 'in-stock' : 'out-stock' },
    },
    relationships: relationships(row.id, details),
  };
}

/** The prices of a product; none without a price in the currency. Carts add tax: here both prices are the same. */
function displayPrice(amount: number | undefined, currency: CurrencyStyle) {
  if (amount === undefined) return {};
  const price = formattedPrice(amount, currency);
  return { display_price: { with_tax: price, without_tax: price } };
}

function relationships(id: string, details: ProductDetails) {
  const shown: Record<string, { data: unknown }> = {};
  const image = details.mainImages.get(id);
  if (image !== undefined) shown.main_image = { data: { type: 'main_image', id: image } };
  const toMany = { files: 'file', categories: 'category', brands: 'brand', collections: 'collection' } as const;
  for (const [name, type] of Object.entries(toMany)) {
    const targets = details.links[name as keyof typeof toMany].get(id);
    if (targets !== undefined) shown[name] = { data: targets.map((target) => ({ type, id: target })) };
  }
  const { variations, parents, children } = details.families;
  const attached = variations.get(id);
  if (attached !== undefined) {
    shown.variations = { data: attached.map((variation) => ({ type: 'product-variation', id: variation.id })) };
  }
  const parent = parents.get(id);
  if (parent !== undefined) shown.parent = { data: { type: 'product', id: parent } };
  const built = children.get(id);
  if (built !== undefined) shown.children = { data: built.map((child) => ({ type: 'product', id: child })) };
  return shown;
}
