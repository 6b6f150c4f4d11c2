import Type, { type Static } from 'typebox';
import { LongText, ShortText, Status } from '../api/text.ts';
import { maxAmount } from '../money.ts';

const Price = Type.Object({
  amount: Type.Integer({ minimum: 0, maximum: maxAmount }),
  currency: Type.String({ pattern: '^[A-Z]{3}$' }),
  includes_tax: Type.Optional(Type.Boolean()),
});

const members = {
  name: ShortText,
  slug: ShortText,
  sku: ShortText,
  manage_stock: Type.Boolean(),
  description: LongText,
  price: Type.Array(Price, { maxItems: 100 }),
  commodity_type: Type.Enum(['physical', 'digital']),
};
const type = Type.Literal('product');

export const NewProduct = Type.Object({
  type,
  ...members,
  status: Type.Optional(Status),
  stock: Type.Optional(Type.Integer({ minimum: 0, maximum: maxAmount })),
});
export const ProductChange = Type.Partial(Type.Object({ type, ...members, status: Status, id: Type.String() }));

export type PriceInput = Static<typeof Price>;
export type NewProduct = Static<typeof NewProduct>;
export type ProductChange = Static<typeof ProductChange>;
