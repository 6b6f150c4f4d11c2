import type { Micros } from '@banyan/kit/api';
import Type, { Compile, type Static } from '@banyan/kit/typebox';

export interface OrderItem {
  id: string;
  productId: string | null;
  sku: string;
  name: string;
  quantity: number;
  /** Minor units. */
  unitAmount: number;
  includesTax: boolean;
}

/** An order as exports and reports need it. Amounts are in minor units, moments as the API shows them. */
export interface Order {
  id: string;
  status: string;
  payment: string;
  shipping: string;
  currency: string;
  withTax: number;
  withoutTax: number;
  tax: number;
  customerId: string | null;
  customerName: string;
  customerEmail: string;
  billing: Readonly<Record<string, unknown>>;
  shippingTo: Readonly<Record<string, unknown>>;
  createdAt: string;
  updatedAt: string;
  /** Its goods, in the order of the cart. Discounts are no goods. */
  items: readonly OrderItem[];
}

const Price = Type.Object({ amount: Type.Integer(), currency: Type.String() });
const Moment = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$' });
const Members = Type.Record(Type.String(), Type.Unknown());
const Item = Type.Object({
  id: Type.String(),
  product_id: Type.Optional(Type.String()),
  /** A discount, which no export holds. */
  promotion_id: Type.Optional(Type.String()),
  sku: Type.String(),
  name: Type.String(),
  quantity: Type.Integer(),
  unit_price: Type.Object({ amount: Type.Integer(), includes_tax: Type.Boolean() }),
});

/** An order as its owner shows it, in facts and in replies. Other members are ignored. */
const OrderShown = Type.Object({
  data: Type.Object({
    id: Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' }),
    status: Type.String(),
    payment: Type.String(),
    shipping: Type.String(),
    customer: Type.Object({ id: Type.Optional(Type.String()), name: Type.String(), email: Type.String() }),
    shipping_address: Members,
    billing_address: Members,
    meta: Type.Object({
      display_price: Type.Object({ with_tax: Price, without_tax: Price, tax: Price }),
      timestamps: Type.Object({ created_at: Moment, updated_at: Moment }),
    }),
  }),
  included: Type.Optional(Type.Object({ items: Type.Optional(Type.Array(Item)) })),
});
type OrderShown = Static<typeof OrderShown>;
const shown = Compile(OrderShown);

/**
 * Reads an order as its owner shows it.
 *
 * @throws Error with the path of the first wrong member, and without its value
 */
export function orderIn(value: unknown): Order {
  if (!shown.Check(value)) {
    const [fault] = shown.Errors(value);
    throw new Error(`an order that cannot be read: ${fault?.instancePath ?? ''} ${fault?.message ?? ''}`.trim());
  }
  const { data, included } = value as OrderShown;
  const { display_price: price, timestamps } = data.meta;
  return {
    id: data.id,
    status: data.status,
    payment: data.payment,
    shipping: data.shipping,
    currency: price.with_tax.currency,
    withTax: price.with_tax.amount,
    withoutTax: price.without_tax.amount,
    tax: price.tax.amount,
    customerId: data.customer.id ?? null,
    customerName: data.customer.name,
    customerEmail: data.customer.email,
    billing: data.billing_address,
    shippingTo: data.shipping_address,
    createdAt: timestamps.created_at,
    updatedAt: timestamps.updated_at,
    items: (included?.items ?? [])
      .filter(({ promotion_id }) => promotion_id === undefined)
      .map((item) => ({
        id: item.id,
        productId: item.product_id ?? null,
        sku: item.sku,
        name: item.name,
        quantity: item.quantity,
        unitAmount: item.unit_price.amount,
        includesTax: item.unit_price.includes_tax,
      })),
  };
}

/** The name in an address by which orders are filtered; null if a part is missing. */
export function nameIn({ first_name: first, last_name: last }: Readonly<Record<string, unknown>>): string | null {
  return typeof first === 'string' && typeof last === 'string' ? `${first} ${last}` : null;
}

export function textIn(members: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = members[name];
  return typeof value === 'string' ? value : null;
}

export const microsIn = (moment: string): Micros => Date.parse(moment) * 1_000;
