import { linePrices } from '../api/line-prices.ts';
import { imageView } from '../files/product-image.ts';
import type { FieldValues } from '../flows/values.ts';
import { type CalculationMethod, type CurrencyStyle, formattedPrice, noPrice, sumTotals } from '../money.ts';
import { afterDiscounts, type Discount } from '../promotions/applied.ts';
import { discountPrice, discountPrices, minus } from '../promotions/uses.ts';
import type { Message } from './draft.ts';
import { type PricedItem, pricedLine } from './pricing.ts';
import { type CartRow, cartLifetimeMs, type ItemRow, type TaxRow } from './store.ts';

// Clients of this API read this moment as "never".
const never = '0001-01-01T00:00:00Z';

/** A cart with its prices. `cart` is undefined for a cart that does not exist yet, `style` while it has no currency. */
export interface PricedCart {
  id: string;
  cart: CartRow | undefined;
  items: readonly PricedItem[];
  method: CalculationMethod;
  discounts: readonly Discount[];
  fields: FieldValues;
  style: CurrencyStyle | undefined;
}

/** A cart with all its lines. */
export interface CartState extends PricedCart {
  items: readonly ItemRow[];
  lineFields: FieldValues;
  messages?: readonly Message[];
}

export function cartView(priced: PricedCart, publicUrl: string) {
  const { id, cart, items, discounts, fields } = priced;
  const lines = [...items, ...discounts];
  return fields.onto({
    id,
    type: 'cart',
    ...(cart?.name != null && { name: cart.name }),
    ...(cart?.description != null && { description: cart.description }),
    links: { self: `${publicUrl}/v2/carts/${encodeURIComponent(id)}` },
    meta: cartMeta(priced),
    relationships: lines.length === 0 ? {} : { items: { data: lines.map(({ id }) => ({ type: 'cart_item', id })) } },
  });
}

/** The reply to every request that changes or lists lines. */
export function itemsReply(state: CartState, publicUrl: string) {
  const taxes = state.items.flatMap((item) => item.taxes);
  const { messages = [] } = state;
  return {
    data: itemViews(state, publicUrl),
    meta: { ...cartMeta(state), ...(messages.length > 0 && { messages }) },
    ...(taxes.length > 0 && { included: { tax_items: taxes.map(taxView) } }),
  };
}

/** The lines of a cart: its goods, then what promotions take off. */
export function itemViews({ items, method, discounts, lineFields, style }: CartState, publicUrl: string) {
  if (style === undefined) return [];
  return [
    ...items.map((item) => lineFields.onto(itemView(item, method, style, publicUrl))),
    ...discounts.map((discount) => discountView(discount, method, style)),
  ];
}

export function taxView({ id, name, jurisdiction, code, rate }: TaxRow) {
  return {
    type: 'tax_item',
    id,
    ...(name !== null && { name }),
    ...(jurisdiction !== null && { jurisdiction }),
    ...(code !== null && { code }),
    rate,
  };
}

function cartMeta({ cart, items, method, discounts, style }: PricedCart) {
  const before = sumTotals(items.map(pricedLine), method);
  const totals = afterDiscounts(before, discounts);
  const price = (amount: number) => (style === undefined ? noPrice : formattedPrice(amount, style));
  return {
    display_price: {
      with_tax: price(totals.withTax),
      without_tax: price(totals.withoutTax),
      tax: price(totals.tax),
      ...(discounts.length > 0 && {
        discount: price(minus(before.withTax - totals.withTax)),
        without_discount: price(before.withTax),
      }),
    },
    timestamps: {
      created_at: cart?.created_at.toISOString() ?? never,
      updated_at: cart?.updated_at.toISOString() ?? never,
      expires_at: cart === undefined ? never : new Date(cart.updated_at.getTime() + cartLifetimeMs).toISOString(),
    },
  };
}

function itemView(item: ItemRow, method: CalculationMethod, style: CurrencyStyle, publicUrl: string) {
  const price = (amount: number) => ({ amount, currency: style.code, includes_tax: item.includes_tax });
  const taxes = item.taxes.map(({ id }) => ({ type: 'tax_item', id }));
  return {
    id: item.id,
    type: item.type,
    ...(item.product_id !== null && { product_id: item.product_id, slug: item.slug }),
    name: item.name,
    description: item.description,
    sku: item.sku,
    image: imageView(item.image, publicUrl),
    quantity: item.quantity,
    manage_stock: item.manage_stock,
    unit_price: price(item.unit_amount),
    value: price(item.unit_amount * item.quantity),
    links: item.product_id === null ? {} : { product: `${publicUrl}/v2/products/${item.product_id}` },
    ...(taxes.length > 0 && { relationships: { taxes: { data: taxes } } }),
    meta: {
      display_price: linePrices(pricedLine(item), method, style),
      timestamps: { created_at: item.created_at.toISOString(), updated_at: item.updated_at.toISOString() },
    },
  };
}

function discountView(discount: Discount, method: CalculationMethod, style: CurrencyStyle) {
  const created = discount.created_at.toISOString();
  const price = discountPrice(discount.amount, discount.net, method, style);
  return {
    id: discount.id,
    type: 'promotion_item',
    promotion_id: discount.promotion_id,
    name: discount.name,
    description: discount.description,
    sku: discount.code,
    image: { mime_type: '', file_name: '', href: '' },
    quantity: 1,
    manage_stock: false,
    unit_price: price,
    value: price,
    links: {},
    meta: {
      display_price: discountPrices(discount.amount, discount.net, discount.tax, style),
      timestamps: { created_at: created, updated_at: created },
    },
  };
}
