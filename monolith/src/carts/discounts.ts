import type { Queryable } from '../db.ts';
import { type CalculationMethod, lineTotals } from '../money.ts';
import { type Basket, type Discount, discountsOf } from '../promotions/applied.ts';
import type { Goods } from '../promotions/discount.ts';
import type { Shop } from '../shop.ts';
import { type PricedItem, pricedLine } from './pricing.ts';

/** Lines as promotions count them. */
export function goodsOf(items: readonly PricedItem[], method: CalculationMethod): Goods[] {
  const counted = method === 'line' ? 'withoutTax' : 'withTax';
  return items.map((item) => {
    const { unit, value } = lineTotals(pricedLine(item), method);
    const { product_id: productId, sku, quantity } = item;
    return { productId, sku, quantity, unit: unit[counted], value: value[counted] };
  });
}

/** The discounts of one cart. */
export async function discountsOfCart(
  shop: Shop,
  db: Queryable,
  cart: { id: string; currency: string | null } | undefined,
  items: readonly PricedItem[],
  method: CalculationMethod,
): Promise<Discount[]> {
  if (cart?.currency == null || items.length === 0) return [];
  const basket = basketOf(cart.id, cart.currency, items, method);
  return (await discountsOf(db, shop.debts, shop.now(), [basket])).get(cart.id) ?? [];
}

export function basketOf(
  id: string,
  currency: string,
  items: readonly PricedItem[],
  method: CalculationMethod,
): Basket {
  return { id, currency, goods: goodsOf(items, method), lines: items.map(pricedLine), method };
}
