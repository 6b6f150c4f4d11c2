import type { Queryable } from '../db.ts';
import { type CalculationMethod, type CurrencyStyle, formattedPrice } from '../money.ts';

/** What a promotion was worth to an order: a line of the order. */
export interface UseRow {
  id: string;
  order_id: string;
  promotion_id: string;
  code: string;
  name: string;
  cart_item_id: string | null;
  /** Minor units that the order costs less; `amount` = `net_amount` + `tax_amount`. */
  amount: number;
  net_amount: number;
  tax_amount: number;
  created_at: Date;
}

/** The uses of a page of orders, by order id, in the order of their carts. */
export async function usesOfOrders(db: Queryable, orderIds: readonly string[]): Promise<Map<string, UseRow[]>> {
  const { rows } = await db.query<UseRow>(
    `select id, order_id, promotion_id, code, name, cart_item_id, amount::float8 as amount,
       net_amount::float8 as net_amount, tax_amount::float8 as tax_amount, created_at
     from promotion_uses where order_id = any($1) order by position, id`,
    [orderIds],
  );
  return Map.groupBy(rows, (row) => row.order_id);
}

/** A use as an item of its order. Its amounts are negative. */
export function useView(use: UseRow, method: CalculationMethod, style: CurrencyStyle) {
  const created = use.created_at.toISOString();
  const price = discountPrice(use.amount, use.net_amount, method, style);
  return {
    type: 'order_item',
    id: use.id,
    quantity: 1,
    promotion_id: use.promotion_id,
    name: use.name,
    sku: use.code,
    unit_price: price,
    value: price,
    links: {},
    meta: {
      display_price: discountPrices(use.amount, use.net_amount, use.tax_amount, style),
      timestamps: { created_at: created, updated_at: created },
    },
    relationships: {
      ...(use.cart_item_id !== null && { cart_item: { data: { type: 'cart_item', id: use.cart_item_id } } }),
    },
  };
}

/** The price of a line that takes `amount` off. By the method `line` it is what the promotion offers: before tax. */
export function discountPrice(amount: number, net: number, method: CalculationMethod, style: CurrencyStyle) {
  return { amount: minus(method === 'line' ? net : amount), currency: style.code, includes_tax: false };
}

/** Unit price and value of a line that takes `amount` off. */
export function discountPrices(amount: number, net: number, tax: number, style: CurrencyStyle) {
  const both = (taken: number) => {
    const price = formattedPrice(minus(taken), style);
    return { unit: price, value: price };
  };
  return { with_tax: both(amount), without_tax: both(net), tax: both(tax) };
}

/** Avoids -0, which some clients print. */
export function minus(amount: number): number {
  return amount === 0 ? 0 : -amount;
}
