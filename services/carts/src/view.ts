import { shownMoment, timestamps } from '@banyan/kit/api';
import { type Cart, expiryMs, type Line, type Tax } from './cart.ts';
import { type CurrencyStyle, formattedPrice, linePrices, noPrice, type PricedLine, sumTotals } from './money.ts';
import type { Image } from './products.ts';

// Clients of this API read this moment as "never".
const never = '0001-01-01T00:00:00Z';

/** A cart and how to show it. `cart` is undefined for one that does not exist, `style` while it has no currency. */
export interface Shown {
  id: string;
  cart: Cart | undefined;
  style: CurrencyStyle | undefined;
  publicUrl: string;
}

export function cartView({ id, cart, style, publicUrl }: Shown) {
  const lines = cart?.lines ?? [];
  return {
    id,
    type: 'cart',
    ...(cart?.name != null && { name: cart.name }),
    ...(cart?.description != null && { description: cart.description }),
    links: { self: `${publicUrl}/v2/carts/${encodeURIComponent(id)}` },
    meta: cartMeta(cart, style),
    relationships:
      lines.length === 0 ? {} : { items: { data: lines.map((line) => ({ type: 'cart_item', id: line.id })) } },
  };
}

/** The reply to every request that changes or lists lines. */
export function itemsReply(shown: Shown, imageOf: (productId: string | null) => Image) {
  const taxes = (shown.cart?.lines ?? []).flatMap((line) => line.taxes);
  return {
    data: itemViews(shown, imageOf),
    meta: cartMeta(shown.cart, shown.style),
    ...(taxes.length > 0 && { included: { tax_items: taxes.map(taxView) } }),
  };
}

export function itemViews({ cart, style, publicUrl }: Shown, imageOf: (productId: string | null) => Image) {
  if (cart === undefined || style === undefined) return [];
  return cart.lines.map((line) => itemView(line, style, publicUrl, imageOf(line.productId)));
}

export function taxView({ id, name, jurisdiction, code, rate }: Tax) {
  return {
    type: 'tax_item',
    id,
    ...(name !== null && { name }),
    ...(jurisdiction !== null && { jurisdiction }),
    ...(code !== null && { code }),
    rate,
  };
}

/** A line as the calculation of totals needs it. */
function pricedLine({ unitAmount, quantity, includesTax, taxes }: Line): PricedLine {
  return { unitAmount, quantity, includesTax, rates: taxes.map(({ rate }) => rate) };
}

function cartMeta(cart: Cart | undefined, style: CurrencyStyle | undefined) {
  const totals = sumTotals((cart?.lines ?? []).map(pricedLine));
  const price = (amount: number) => (style === undefined ? noPrice : formattedPrice(amount, style));
  return {
    display_price: {
      with_tax: price(totals.withTax),
      without_tax: price(totals.withoutTax),
      tax: price(totals.tax),
    },
    timestamps: {
      created_at: cart === undefined ? never : shownMoment(cart.createdAt),
      updated_at: cart === undefined ? never : shownMoment(cart.updatedAt),
      expires_at: cart === undefined ? never : new Date(expiryMs(cart)).toISOString(),
    },
  };
}

function itemView(line: Line, style: CurrencyStyle, publicUrl: string, image: Image) {
  const price = (amount: number) => ({ amount, currency: style.code, includes_tax: line.includesTax });
  const taxes = line.taxes.map(({ id }) => ({ type: 'tax_item', id }));
  return {
    id: line.id,
    type: line.type,
    ...(line.productId !== null && { product_id: line.productId, slug: line.slug }),
    name: line.name,
    description: line.description,
    sku: line.sku,
    image,
    quantity: line.quantity,
    manage_stock: line.manageStock,
    unit_price: price(line.unitAmount),
    value: price(line.unitAmount * line.quantity),
    links: line.productId === null ? {} : { product: `${publicUrl}/v2/products/${line.productId}` },
    ...(taxes.length > 0 && { relationships: { taxes: { data: taxes } } }),
    meta: {
      display_price: linePrices(pricedLine(line), style),
      ...timestamps(line.createdAt, line.updatedAt),
    },
  };
}
