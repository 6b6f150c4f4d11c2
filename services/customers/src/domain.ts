import { isUuid, type Micros, timestamps } from '@banyan/kit/api';
import { type Field, type Values, withFields } from '@banyan/kit/fields';
import { type AddressChange, type AddressMember, addressMembers, type CustomerChange } from './contract.ts';
import { customerMissing } from './errors.ts';

export interface Customer {
  id: string;
  name: string;
  email: string;
  /** Null while the customer has no password. Never shown. */
  passwordHash: string | null;
  createdAt: Micros;
  updatedAt: Micros;
  /** Of fields that an operator added to customers. */
  values: Values;
}

export interface Address extends Record<AddressMember, string> {
  id: string;
  customerId: string;
  createdAt: Micros;
  updatedAt: Micros;
  /** Of fields that an operator added to addresses. */
  values: Values;
}

/** The id in a path. @throws CustomersError `not_found`: the text is no id */
export function customerIdOf(text: string): string {
  if (!isUuid(text)) throw customerMissing();
  return text.toLowerCase();
}

/** @param passwordHash of the password in the change; undefined: it has none */
export function changedBy(
  customer: Customer,
  { name = customer.name, email = customer.email }: CustomerChange,
  passwordHash: string | undefined,
  now: Micros,
): Customer {
  return { ...customer, name, email, passwordHash: passwordHash ?? customer.passwordHash, updatedAt: now };
}

/** The members of an address with those that are given. */
export function addressWith(
  before: Readonly<Record<AddressMember, string>> | undefined,
  given: AddressChange,
): Record<AddressMember, string> {
  const members = addressMembers.map((member) => [member, given[member] ?? before?.[member] ?? '']);
  return Object.fromEntries(members) as Record<AddressMember, string>;
}

/** A customer in the form of the API. The password itself is never shown, only whether there is one. */
export function customerView({ id, name, email, passwordHash, ...rest }: Customer, fields: readonly Field[]) {
  return withFields(fields, rest.values, {
    type: 'customer',
    id,
    name,
    email,
    password: passwordHash !== null,
    meta: timestamps(rest.createdAt, rest.updatedAt),
  });
}

/** @param publicUrl the platform's address as clients see it */
export function addressView(address: Address, fields: readonly Field[], publicUrl: string) {
  const { id, customerId, createdAt, updatedAt, values } = address;
  return withFields(fields, values, {
    type: 'address',
    id,
    ...Object.fromEntries(addressMembers.map((member) => [member, address[member]])),
    links: { self: `${publicUrl}/v2/customers/${customerId}/addresses/${id}` },
    meta: timestamps(createdAt, updatedAt),
  });
}
