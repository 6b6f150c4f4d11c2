import { textKey } from '@banyan/kit/api';
import type { Values } from '@banyan/kit/fields';
import { type AddressMember, addressMembers } from './contract.ts';
import type { Address, Customer } from './domain.ts';

/** A customer as the table holds it. */
export interface CustomerRow {
  id: string;
  name: string;
  email: string;
  password_hash: string | null;
  created_at_us: number;
  updated_at_us: number;
  /** JSON. */
  field_values: string;
}

/** What `customerOf` needs, of the table by its name. */
export const customerColumns = columnsOf('customers', [
  ...['id', 'name', 'email', 'password_hash', 'created_at_us', 'updated_at_us', 'field_values'],
]);

export function customerOf(row: CustomerRow): Customer {
  const { id, name, email, password_hash, created_at_us, updated_at_us, field_values } = row;
  const values = JSON.parse(field_values) as Values;
  const [createdAt, updatedAt] = [created_at_us, updated_at_us];
  return { id, name, email, passwordHash: password_hash, createdAt, updatedAt, values };
}

/** A row of the table, with the keys that follow from the members. */
export function customerRow({ id, name, email, passwordHash, createdAt, updatedAt, values }: Customer) {
  return {
    id,
    name,
    name_key: textKey(name),
    email,
    email_key: textKey(email),
    // The longest e-mail address fits into a key.
    email_held: textKey(email),
    password_hash: passwordHash,
    created_at_us: createdAt,
    updated_at_us: updatedAt,
    field_values: JSON.stringify(values),
  };
}

/** An address as the table holds it. */
export interface AddressRow extends Record<AddressMember, string> {
  id: string;
  customer_id: string;
  created_at_us: number;
  updated_at_us: number;
  field_values: string;
}

export const addressColumns = columnsOf('addresses', [
  ...['id', 'customer_id', ...addressMembers, 'created_at_us', 'updated_at_us', 'field_values'],
]);

export function addressOf(row: AddressRow): Address {
  const { customer_id, created_at_us, updated_at_us, field_values, ...members } = row;
  const values = JSON.parse(field_values) as Values;
  return { ...members, customerId: customer_id, createdAt: created_at_us, updatedAt: updated_at_us, values };
}

export function addressRow({ customerId, createdAt, updatedAt, values, ...members }: Address): AddressRow {
  const written = Object.fromEntries(addressMembers.map((member) => [member, members[member]]));
  return {
    id: members.id,
    customer_id: customerId,
    ...(written as Record<AddressMember, string>),
    created_at_us: createdAt,
    updated_at_us: updatedAt,
    field_values: JSON.stringify(values),
  };
}

function columnsOf(table: string, names: readonly string[]): string {
  return names.map((name) => `${table}.${name}`).join(', ');
}
