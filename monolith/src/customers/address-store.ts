import { isUuid } from '../api/ids.ts';
import type { Queryable } from '../db.ts';

/** Members of an address that clients write. The API and the table use the same names. */
export const addressMembers = [
  'name',
  'first_name',
  'last_name',
  'company_name',
  'phone_number',
  'line_1',
  'line_2',
  'city',
  'postcode',
  'county',
  'country',
  'instructions',
] as const;

export type AddressMember = (typeof addressMembers)[number];
export type AddressInput = Partial<Record<AddressMember, string>>;
export type Address = Record<AddressMember, string> & {
  id: string;
  customer_id: string;
  created_at: Date;
  updated_at: Date;
};

/** The two ids of an address. */
export interface AddressKey {
  customerId: string;
  addressId: string;
}

// Another program may have deleted the customer without this store's cascade: its addresses do not count.
const ofKey = 'customer_id = $1 and id = $2 and exists (select from customers c where c.id = $1)';

export async function listAddresses(db: Queryable, customerId: string): Promise<Address[]> {
  const text = 'select * from addresses where customer_id = $1 order by created_at, id';
  return (await db.query<Address>(text, [customerId])).rows;
}

export async function findAddress(db: Queryable, key: AddressKey): Promise<Address | undefined> {
  if (!isKey(key)) return undefined;
  const text = `select * from addresses where ${ofKey}`;
  return (await db.query<Address>(text, [key.customerId, key.addressId])).rows[0];
}

export async function insertAddress(db: Queryable, customerId: string, input: AddressInput): Promise<Address> {
  const members = given(input);
  const { rows } = await db.query<Address>(
    `insert into addresses (customer_id, ${members.join(', ')})
     values ($1, ${members.map((_, index) => `$${index + 2}`).join(', ')}) returning *`,
    [customerId, ...members.map((member) => input[member])],
  );
  if (rows[0] === undefined) throw new Error('An insert gave no row back');
  return rows[0];
}

/** Changes the given members; undefined if the address does not exist. */
export async function updateAddress(db: Queryable, key: AddressKey, input: AddressInput): Promise<Address | undefined> {
  if (!isKey(key)) return undefined;
  const members = given(input);
  const assignments = members.map((member, index) => `${member} = $${index + 3}`);
  const { rows } = await db.query<Address>(
    `update addresses set ${[...assignments, 'updated_at = now()'].join(', ')}
     where ${ofKey} returning *`,
    [key.customerId, key.addressId, ...members.map((member) => input[member])],
  );
  return rows[0];
}

/** Deletes an address; returns whether it existed. */
export async function deleteAddress(db: Queryable, key: AddressKey): Promise<boolean> {
  if (!isKey(key)) return false;
  const text = `delete from addresses where ${ofKey}`;
  return (await db.query(text, [key.customerId, key.addressId])).rowCount === 1;
}

function given(input: AddressInput): AddressMember[] {
  return addressMembers.filter((member) => input[member] !== undefined);
}

function isKey({ customerId, addressId }: AddressKey): boolean {
  return isUuid(customerId) && isUuid(addressId);
}
