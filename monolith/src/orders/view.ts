import { linePrices } from '../api/line-prices.ts';
import { type CalculationMethod, type CurrencyStyle, formattedPrice } from '../money.ts';
import type { OrderItemRow, OrderRow } from './store.ts';

/** An order in the form of the API. */
export function orderView(order: OrderRow, items: readonly { id: string }[], style: CurrencyStyle) {
  const { customer_id, customer_name, customer_email } = order;
  return {
    type: 'order',
    id: order.id,
    status: order.status,
    payment: order.payment,
    shipping: order.shipping,
    customer: { ...(customer_id !== null && { id: customer_id }), name: customer_name, email: customer_email },
    shipping_address: order.shipping_address,
    billing_address: order.billing_address,
    links: {},
    meta: {
      display_price: {
        with_tax: formattedPrice(order.with_tax, style),
        without_tax: formattedPrice(order.without_tax, style),
        tax: formattedPrice(order.tax, style),
      },
      timestamps: { created_at: order.created_at.toISOString(), updated_at: order.updated_at.toISOString() },
    },
    relationships: {
      // The link has the type `item`, although the resource has `order_item`: clients rely on both.
      ...(items.length > 0 && { items: { data: items.map(({ id }) => ({ type: 'item', id })) } }),
      ...(customer_id !== null && { customer: { data: { type: 'customer', id: customer_id } } }),
    },
  };
}

/** @param method of its order */
export function orderItemView(item: OrderItemRow, method: CalculationMethod, style: CurrencyStyle) {
  const price = (amount: number) => ({ amount, currency: style.code, includes_tax: item.includes_tax });
  const line = {
    unitAmount: item.unit_amount,
    quantity: item.quantity,
    includesTax: item.includes_tax,
    rates: item.taxes.map((tax) => tax.rate),
  };
  const created = item.created_at.toISOString();
  return {
    type: 'order_item',
    id: item.id,
    quantity: item.quantity,
    ...(item.product_id !== null && { product_id: item.product_id }),
    name: item.name,
    sku: item.sku,
    unit_price: price(item.unit_amount),
    value: price(item.unit_amount * item.quantity),
    links: {},
    meta: {
      display_price: linePrices(line, method, style),
      timestamps: { created_at: created, updated_at: created },
    },
    relationships: {
      ...(item.cart_item_id !== null && { cart_item: { data: { type: 'cart_item', id: item.cart_item_id } } }),
      ...(item.taxes.length > 0 && { taxes: { data: item.taxes.map(({ id }) => ({ type: 'tax_item', id })) } }),
    },
  };
}
