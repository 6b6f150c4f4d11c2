import Type from 'typebox';
import { ShortText } from '../api/text.ts';

const Email = Type.String({ maxLength: 254, pattern: '^[^\\s@]+@[^\\s@]+$' });
// Long enough for a passphrase, but limited, because every byte is hashed.
const Password = Type.String({ minLength: 1, maxLength: 256 });
const type = Type.Literal('customer');

export const NewCustomer = Type.Object({
  type,
  name: ShortText,
  email: Email,
  password: Type.Optional(Password),
});

export const CustomerUpdate = Type.Object({
  type: Type.Optional(type),
  id: Type.Optional(Type.String()),
  name: Type.Optional(ShortText),
  email: Type.Optional(Email),
  password: Type.Optional(Password),
});

export const SignIn = Type.Object({
  type: Type.Literal('token'),
  email: Type.String({ minLength: 1, maxLength: 254 }),
  password: Password,
  authentication_mechanism: Type.Optional(Type.Literal('password')),
});

const Line = Type.String({ maxLength: 255 });

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

export const AddressUpdate = Type.Partial(Type.Object({ ...NewAddress.properties, id: Type.String() }));
