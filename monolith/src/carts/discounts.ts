import type { Queryable } from '../db.ts';
import { sumTotals, taxUnit } from '../money.ts';
import { type Basket, type Discount, discountsOf } from '../promotions/applied.ts';
import type { Goods } from '../promotions/discount.ts';
import type { Shop } from '../shop.ts';
import { type PricedItem, pricedLine } from './pricing.ts';

/** Lines as promotions count them. */
export function goodsOf(items: readonly PricedItem[]): Goods[] {
  return items.map((item) => ({
    productId: item.product_id,
    sku: item.sku,
    quantity: item.quantity,
    unit: taxUnit(
      item.unit_amount,
      item.includes_tax,
      item.taxes.map(({ rate }) => rate),
    ).withTax,
  }));
}

/** The discounts of one cart. */
export async function discountsOfCart(
  shop: Shop,
  db: Queryable,
  cart: { id: string; currency: string | null } | undefined,
  items: readonly PricedItem[],
): Promise<Discount[]> {
  if (cart?.currency == null || items.length === 0) return [];
  const basket = basketOf(cart.id, cart.currency, items);
  return (await discountsOf(db, shop.debts, shop.now(), [basket])).get(cart.id) ?? [];
}

export function basketOf(id: string, currency: string, items: readonly PricedItem[]): Basket {
  return { id, currency, goods: goodsOf(items), totals: sumTotals(items.map(pricedLine)) };
}
