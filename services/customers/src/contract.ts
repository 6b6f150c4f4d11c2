import { ShortText } from '@banyan/kit/api';
import Type, { type Static } from '@banyan/kit/typebox';

/** What other services may import from this one: paths, bodies, and the facts that it publishes. */
export const paths = {
  customers: '/v2/customers',
  attributes: '/v2/customers/attributes',
  /** Signs a customer in. */
  tokens: '/v2/customers/tokens',
  customer: '/v2/customers/:customerId',
  addresses: '/v2/customers/:customerId/addresses',
  address: '/v2/customers/:customerId/addresses/:addressId',
  /** For services, with the credentials of introspection: `data` is those of the ids (`id`, repeated) that exist. */
  existing: '/internal/customers',
  /** For services: who the customer token of the header `X-Moltin-Customer-Token` belongs to. A reply of RFC 7662. */
  token: '/internal/customers/token',
} as const;

/** The slugs of the flows whose fields customers and addresses have. */
export const flows = { customers: 'customers', addresses: 'addresses' } as const;

const Email = Type.String({ maxLength: 254, pattern: '^[^\\s@]+@[^\\s@]+$' });
// Long enough for a passphrase, but limited, because every byte is hashed.
const Password = Type.String({ minLength: 1, maxLength: 256 });
const type = Type.Literal('customer');

/** `data` of POST /v2/customers. Other members are ignored, unless they are fields. */
export const NewCustomer = Type.Object({
  type,
  name: ShortText,
  /** Unique, whatever the case of A to Z. */
  email: Email,
  /** Without one the customer cannot sign in. Replies show whether there is one. */
  password: Type.Optional(Password),
});
export type NewCustomer = Static<typeof NewCustomer>;

/** `data` of PUT /v2/customers/:id: members that are absent keep their value. */
export const CustomerChange = Type.Object({
  type: Type.Optional(type),
  id: Type.Optional(Type.String()),
  name: Type.Optional(ShortText),
  email: Type.Optional(Email),
  /** Ends all customer tokens from before. */
  password: Type.Optional(Password),
});
export type CustomerChange = Static<typeof CustomerChange>;

/** `data` of POST /v2/customers/tokens. */
export const SignIn = Type.Object({
  type: Type.Literal('token'),
  email: Type.String({ minLength: 1, maxLength: 254 }),
  password: Password,
  authentication_mechanism: Type.Optional(Type.Literal('password')),
});

const Line = Type.String({ maxLength: 255 });

/** `data` of POST /v2/customers/:id/addresses. What is not given is an empty text. */
export const NewAddress = Type.Object({
  type: Type.Enum(['address', 'customer-address']),
  name: Type.Optional(Line),
  first_name: ShortText,
  last_name: ShortText,
  company_name: Type.Optional(Line),
  phone_number: Type.Optional(Line),
  line_1: ShortText,
  line_2: Type.Optional(Line),
  city: Type.Optional(Line),
  postcode: ShortText,
  county: ShortText,
  country: ShortText,
  instructions: Type.Optional(Type.String({ maxLength: 4096 })),
});
export type NewAddress = Static<typeof NewAddress>;

/** `data` of PUT /v2/customers/:id/addresses/:id: members that are absent keep their value. */
export const AddressChange = Type.Partial(Type.Object({ ...NewAddress.properties, id: Type.String() }));
export type AddressChange = Static<typeof AddressChange>;

/** Members of an address that clients write, in the order of replies. The store has columns of the same names. */
export const addressMembers = [
  ...(['name', 'first_name', 'last_name', 'company_name', 'phone_number', 'line_1', 'line_2', 'city'] as const),
  ...(['postcode', 'county', 'country', 'instructions'] as const),
] as const;
export type AddressMember = (typeof addressMembers)[number];

/** The facts about customers and addresses, each with the version of its schema, which only ever grows. */
export const events = {
  customer: {
    created: { type: 'customer.created', version: 1 },
    updated: { type: 'customer.updated', version: 1 },
    /** Its state is null. The customer's addresses are gone too, and no fact tells of each. */
    deleted: { type: 'customer.deleted', version: 1 },
  },
  address: {
    created: { type: 'address.created', version: 1 },
    updated: { type: 'address.updated', version: 1 },
    /** Its state is null. */
    deleted: { type: 'address.deleted', version: 1 },
  },
} as const;

/** RFC 3339 in UTC, with milliseconds. */
const Meta = Type.Object({ timestamps: Type.Object({ created_at: Type.String(), updated_at: Type.String() }) });

/** The state that `customer.created` and `customer.updated` carry: the customer as an administrator sees it, with fields. */
export const CustomerFact = Type.Object({
  data: Type.Object({
    id: Type.String(),
    type: Type.Literal('customer'),
    name: Type.String(),
    email: Type.String(),
    /** Whether there is one. */
    password: Type.Boolean(),
    meta: Meta,
  }),
});
export type CustomerFact = Static<typeof CustomerFact>;

/** The state that `address.created` and `address.updated` carry: the address as its customer sees it, with fields. */
export const AddressFact = Type.Object({
  data: Type.Object({
    id: Type.String(),
    type: Type.Literal('address'),
    ...(Object.fromEntries(addressMembers.map((member) => [member, Type.String()])) as Record<
      AddressMember,
      ReturnType<typeof Type.String>
    >),
    links: Type.Object({ self: Type.String() }),
    meta: Meta,
  }),
});
export type AddressFact = Static<typeof AddressFact>;
