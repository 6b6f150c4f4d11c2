import { shownMoment, timestamps } from '@banyan/kit/api';
import { type Field, withFields } from '@banyan/kit/fields';
import { type Cart, expiryMs, type Line, type Message, type Tax } from './cart.ts';
import { afterDiscounts, type Discount, pricedLine } from './discounts.ts';
import { type CalculationMethod, type CurrencyStyle, formattedPrice, linePrices, noPrice, sumTotals } from './money.ts';
import { type Image, noImage } from './products.ts';

// Clients of this API read this moment as "never".
const never = '0001-01-01T00:00:00Z';

/** A cart and how to show it. `cart` is undefined for one that does not exist, `style` while it has no currency. */
export interface Shown {
  id: string;
  cart: Cart | undefined;
  style: CurrencyStyle | undefined;
  method: CalculationMethod;
  discounts: readonly Discount[];
  /** Those that carts have. */
  fields: readonly Field[];
  publicUrl: string;
}

/** A cart with all that its lines show. */
export interface ShownWhole extends Shown {
  imageOf(productId: string | null): Image;
  /** What the reply tells about a change. */
  messages: readonly Message[];
  /** Those that lines have. */
  lineFields: readonly Field[];
}

export function cartView(shown: Shown) {
  const { id, cart, discounts, fields, publicUrl } = shown;
  const lines = [...(cart?.lines ?? []), ...discounts];
  return withFields(fields, cart?.values ?? {}, {
    id,
    type: 'cart',
    ...(cart?.name != null && { name: cart.name }),
    ...(cart?.description != null && { description: cart.description }),
    links: { self: `${publicUrl}/v2/carts/${encodeURIComponent(id)}` },
    meta: cartMeta(shown),
    relationships:
      lines.length === 0 ? {} : { items: { data: lines.map((line) => ({ type: 'cart_item', id: line.id })) } },
  });
}

/** The reply to every request that changes or lists lines. */
export function itemsReply(shown: ShownWhole) {
  const { messages } = shown;
  const taxes = (shown.cart?.lines ?? []).flatMap((line) => line.taxes);
  return {
    data: itemViews(shown),
    meta: { ...cartMeta(shown), ...(messages.length > 0 && { messages }) },
    ...(taxes.length > 0 && { included: { tax_items: taxes.map(taxView) } }),
  };
}

/** The lines of a cart: its goods, then what promotions take off. */
export function itemViews({ cart, style, method, discounts, publicUrl, imageOf, lineFields }: ShownWhole) {
  if (cart === undefined || style === undefined) return [];
  return [
    ...cart.lines.map((line) =>
      withFields(lineFields, line.values, itemView(line, method, style, publicUrl, imageOf(line.productId))),
    ),
    ...discounts.map((discount) => discountView(discount, method, style)),
  ];
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

function cartMeta({ cart, style, method, discounts }: Shown) {
  const before = sumTotals((cart?.lines ?? []).map(pricedLine), method);
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
      created_at: cart === undefined ? never : shownMoment(cart.createdAt),
      updated_at: cart === undefined ? never : shownMoment(cart.updatedAt),
      expires_at: cart === undefined ? never : new Date(expiryMs(cart)).toISOString(),
    },
  };
}

function itemView(line: Line, method: CalculationMethod, style: CurrencyStyle, publicUrl: string, image: Image) {
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
      display_price: linePrices(pricedLine(line), method, style),
      ...timestamps(line.createdAt, line.updatedAt),
    },
  };
}

function discountView(discount: Discount, method: CalculationMethod, style: CurrencyStyle) {
  const { id, promotionId, code, name, description, createdAt, ...off } = discount;
  // By the method `line` the price is what the promotion offers: before tax.
  const amount = minus(method === 'line' ? off.net : off.amount);
  const price = { amount, currency: style.code, includes_tax: false };
  const both = (taken: number) => {
    const shown = formattedPrice(minus(taken), style);
    return { unit: shown, value: shown };
  };
  return {
    id,
    type: 'promotion_item',
    promotion_id: promotionId,
    name,
    description,
    sku: code,
    image: noImage,
    quantity: 1,
    manage_stock: false,
    unit_price: price,
    value: price,
    links: {},
    meta: {
      display_price: { with_tax: both(off.amount), without_tax: both(off.net), tax: both(off.tax) },
      ...timestamps(createdAt, createdAt),
    },
  };
}

/** Avoids -0, which some clients print. */
function minus(amount: number): number {
  return amount === 0 ? 0 : -amount;
}
