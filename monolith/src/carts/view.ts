import { linePrices } from '../api/line-prices.ts';
import { imageView } from '../files/product-image.ts';
import { type CurrencyStyle, formattedPrice, noPrice, type PricedLine, sumTotals } from '../money.ts';
import { type CartRow, cartLifetimeMs, type ItemRow, type TaxRow } from './store.ts';

// Clients of this API read this moment as "never".
const never = '0001-01-01T00:00:00Z';

/** The members of a line that determine its price. */
export type PricedItem = Pick<ItemRow, 'id' | 'quantity' | 'unit_amount' | 'includes_tax'> & {
  taxes: readonly Pick<TaxRow, 'rate'>[];
};

/** A cart with its prices. `cart` is undefined for a cart that does not exist yet, `style` while it has no currency. */
export interface PricedCart {
  id: string;
  cart: CartRow | undefined;
  items: readonly PricedItem[];
  style: CurrencyStyle | undefined;
}

/** A cart with all its lines. */
export interface CartState extends PricedCart {
  items: readonly ItemRow[];
}

export function cartView({ id, cart, items, style }: PricedCart, publicUrl: string) {
  return {
    id,
    type: 'cart',
    ...(cart?.name != null && { name: cart.name }),
    ...(cart?.description != null && { description: cart.description }),
    links: { self: `${publicUrl}/v2/carts/${encodeURIComponent(id)}` },
    meta: cartMeta({ id, cart, items, style }),
    relationships:
      items.length === 0 ? {} : { items: { data: items.map((item) => ({ type: 'cart_item', id: item.id })) } },
  };
}

/** The reply to every request that changes or lists lines. */
export function itemsReply(state: CartState, publicUrl: string) {
  const taxes = state.items.flatMap((item) => item.taxes);
  return {
    data: itemViews(state, publicUrl),
    meta: cartMeta(state),
    ...(taxes.length > 0 && { included: { tax_items: taxes.map(taxView) } }),
  };
}

export function itemViews({ items, style }: CartState, publicUrl: string) {
  return style === undefined ? [] : items.map((item) => itemView(item, style, publicUrl));
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

/** A line as the calculation of totals needs it. */
export function pricedLine(item: PricedItem): PricedLine {
  return {
    unitAmount: item.unit_amount,
    quantity: item.quantity,
    includesTax: item.includes_tax,
    rates: item.taxes.map((tax) => tax.rate),
  };
}

function cartMeta({ cart, items, style }: PricedCart) {
  const totals = sumTotals(items.map(pricedLine));
  const price = (amount: number) => (style === undefined ? noPrice : formattedPrice(amount, style));
  return {
    display_price: {
      with_tax: price(totals.withTax),
      without_tax: price(totals.withoutTax),
      tax: price(totals.tax),
    },
    timestamps: {
      created_at: cart?.created_at.toISOString() ?? never,
      updated_at: cart?.updated_at.toISOString() ?? never,
      expires_at: cart === undefined ? never : new Date(cart.updated_at.getTime() + cartLifetimeMs).toISOString(),
    },
  };
}

function itemView(item: ItemRow, style: CurrencyStyle, publicUrl: string) {
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
      display_price: linePrices(pricedLine(item), style),
      timestamps: { created_at: item.created_at.toISOString(), updated_at: item.updated_at.toISOString() },
    },
  };
}
