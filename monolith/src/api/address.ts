import Type, { type Static } from 'typebox';

const Required = Type.String({ minLength: 1, maxLength: 255 });
const Optional = Type.Optional(Type.String({ maxLength: 255 }));

/** The billing address. */
export const BillingAddress = Type.Object({
  first_name: Required,
  last_name: Required,
  company_name: Optional,
  line_1: Required,
  line_2: Optional,
  city: Optional,
  postcode: Required,
  county: Required,
  country: Required,
});
/** The shipping address. */
export const ShippingAddress = Type.Object({
  ...BillingAddress.properties,
  phone_number: Optional,
  instructions: Type.Optional(Type.String({ maxLength: 4096 })),
});
export type BillingAddress = Static<typeof BillingAddress>;
export type ShippingAddress = Static<typeof ShippingAddress>;

/** The members of the schema; absent members become an empty text. */
export function wholeAddress(
  schema: typeof BillingAddress | typeof ShippingAddress,
  given: ShippingAddress,
): Record<string, string> {
  const members = Object.keys(schema.properties) as (keyof ShippingAddress)[];
  return Object.fromEntries(members.map((member) => [member, given[member] ?? '']));
}
