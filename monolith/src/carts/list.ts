import { styleOf } from '../currencies/style.ts';
import { owners } from '../flows/owners.ts';
import { loadValues } from '../flows/values.ts';
import type { CurrencyStyle } from '../money.ts';
import { discountsOf } from '../promotions/applied.ts';
import type { Shop } from '../shop.ts';
import { basketOf } from './discounts.ts';
import { methodFor, type PricedItem } from './pricing.ts';
import type { CartRow, TaxRow } from './store.ts';
import type { PricedCart } from './view.ts';

/**
 * The carts of a page with the data for their totals: two statements, one for the method and one for each currency. Texts are left out.
 */
export async function withPrices(shop: Shop, carts: readonly CartRow[]): Promise<PricedCart[]> {
  const { db } = shop;
  const items = await db.query<Omit<PricedItem, 'taxes'> & { cart_id: string }>(
    `select cart_id, id, product_id, sku, quantity, unit_amount::float8 as unit_amount, includes_tax from cart_items
     where cart_id = any($1) order by position, id`,
    [carts.map(({ id }) => id)],
  );
  const taxes = await db.query<Pick<TaxRow, 'item_id' | 'rate'>>(
    'select item_id, rate from cart_item_taxes where item_id = any($1) order by position, id',
    [items.rows.map(({ id }) => id)],
  );
  const styles = new Map<string, CurrencyStyle>();
  for (const code of new Set(carts.flatMap(({ currency }) => currency ?? [])))
    styles.set(code, await styleOf(db, code));
  const taxesByItem = Map.groupBy(taxes.rows, (tax) => tax.item_id);
  const itemsByCart = Map.groupBy(items.rows, (item) => item.cart_id);
  const itemsOf = (id: string) =>
    (itemsByCart.get(id) ?? []).map((item) => ({ ...item, taxes: taxesByItem.get(item.id) ?? [] }));
  const method = await methodFor(db, items.rows);
  const baskets = carts.flatMap(({ id, currency }) =>
    currency === null ? [] : basketOf(id, currency, itemsOf(id), method),
  );
  const discounts = await discountsOf(db, shop.debts, shop.now(), baskets);
  const fields = await loadValues(
    db,
    shop.debts,
    owners.carts,
    carts.map(({ id }) => id),
  );
  return carts.map((cart) => ({
    id: cart.id,
    cart,
    items: itemsOf(cart.id),
    method,
    discounts: discounts.get(cart.id) ?? [],
    fields,
    style: cart.currency === null ? undefined : styles.get(cart.currency),
  }));
}
