import Type, { type Static } from '@banyan/kit/typebox';
import { maxCodeLength, maxQuantity, maxTaxes } from './limits.ts';
import { maxAmount, maxTaxRate } from './money.ts';

/** What other services may import from this one: paths and bodies. */
export const paths = {
  carts: '/v2/carts',
  cart: '/v2/carts/:ref',
  customers: '/v2/carts/:ref/relationships/customers',
  items: '/v2/carts/:ref/items',
  item: '/v2/carts/:ref/items/:item',
  itemTaxes: '/v2/carts/:ref/items/:item/taxes',
  itemTax: '/v2/carts/:ref/items/:item/taxes/:tax',
  taxes: '/v2/carts/:ref/taxes',
  discount: '/v2/carts/:ref/discounts/:code',
} as const;

/** The flows that add fields to carts and to their lines. */
export const flows = { carts: 'carts', lines: 'cart_items' } as const;

/** The facts about carts, each with the version of its schema, which only ever grows. A cart that is made is updated, too. */
export const events = {
  updated: { type: 'cart.updated', version: 1 },
  /** Its state is null. A cart that expires is not told of. */
  deleted: { type: 'cart.deleted', version: 1 },
} as const;

/**
 * The state that `cart.updated` carries: the cart as `GET /v2/carts/:ref?include=items` shows it, with promotions and
 * images as they were then.
 */
export const CartFact = Type.Object({
  data: Type.Object({ id: Type.String(), type: Type.Literal('cart'), meta: Type.Object({}) }),
  /** Absent without lines. */
  included: Type.Optional(Type.Object({ items: Type.Array(Type.Object({ id: Type.String(), type: Type.String() })) })),
});
export type CartFact = Static<typeof CartFact>;

const Label = Type.Optional(Type.String({ maxLength: 255 }));
export const NewCart = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 255 }),
  description: Label,
  id: Label,
});
export const CartChange = Type.Object({ name: Label, description: Label });

const NullableText = Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()]));
const taxMembers = {
  name: NullableText,
  jurisdiction: NullableText,
  code: NullableText,
  /** A fraction: 0.2 is 20 %. */
  rate: Type.Number({ minimum: 0, maximum: maxTaxRate }),
};
/** A tax that is sent with a line. */
export const TaxItem = Type.Object({ type: Type.Optional(Type.String()), ...taxMembers });
export type TaxItem = Static<typeof TaxItem>;
/** A tax as its own resource. */
export const NewTaxItem = Type.Object({ type: Type.Literal('tax_item'), ...taxMembers });
export const TaxChange = Type.Partial(TaxItem);

const Quantity = Type.Optional(Type.Integer({ minimum: 1, maximum: maxQuantity }));
const Taxes = Type.Optional(Type.Array(TaxItem, { maxItems: maxTaxes }));

/** A product, named by its id or its SKU. */
export const ProductLine = Type.Object({
  id: Type.Optional(Type.String()),
  sku: Type.Optional(Type.String()),
  quantity: Quantity,
  tax: Taxes,
});
export const CustomLine = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 255 }),
  sku: Type.Optional(Type.String({ maxLength: 255 })),
  description: Type.Optional(Type.String({ maxLength: 10_000 })),
  quantity: Quantity,
  price: Type.Object({
    /** Minor units. */
    amount: Type.Integer({ minimum: 0, maximum: maxAmount }),
    includes_tax: Type.Optional(Type.Boolean()),
  }),
  tax: Taxes,
});
export type CustomLine = Static<typeof CustomLine>;
export const MergedCart = Type.Object({ cart_id: Type.String({ minLength: 1, maxLength: 128 }) });
export const PromotionLine = Type.Object({ code: Type.String({ minLength: 1, maxLength: maxCodeLength }) });
export const OrderItems = Type.Object({ order_id: Type.String() });

/** 0 removes a line. */
const quantityMember = Type.Integer({ minimum: 0, maximum: maxQuantity });
export const NewQuantity = Type.Object({ quantity: quantityMember });
export const NewQuantities = Type.Array(Type.Object({ id: Type.String(), quantity: quantityMember }), {
  maxItems: 100,
});
