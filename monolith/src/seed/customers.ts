import { hashSecret } from '../oauth/secret-hash.ts';
import { type Plan, spread } from './plan.ts';
import { Random } from './random.ts';
import type { Cell, Table } from './table.ts';
import { firstNames, lastNames, places, streets } from './words.ts';

export interface SeededCustomer {
  id: string;
  firstName: string;
  lastName: string;
  email: string;
  /** Set for the few demo customers that can sign in. */
  password: string | undefined;
  salt: Buffer;
  address: SeededAddress;
  createdAt: Date;
}

/** The members of an address, named as in the API. */
export interface SeededAddress {
  first_name: string;
  last_name: string;
  company_name: string;
  line_1: string;
  line_2: string;
  city: string;
  postcode: string;
  county: string;
  country: string;
}

const withPassword = 3;

export function planCustomers(plan: Plan): SeededCustomer[] {
  const random = new Random(plan.seed, 'customers');
  const { customers: count } = plan.size;
  return Array.from({ length: count }, (_, index) => {
    const firstName = random.pick(firstNames);
    const lastName = random.pick(lastNames);
    const secret = random.hex(8);
    return {
      id: random.uuid(),
      firstName,
      lastName,
      email: `${firstName}.${lastName}.${index + 1}@example.com`.toLowerCase(),
      password: index < withPassword ? secret : undefined,
      salt: random.bytes(16),
      address: addressOf(random, firstName, lastName),
      createdAt: spread(plan, 730, index, count),
    };
  });
}

/** Starts hashing the existing passwords in the thread pool. */
export function hashPasswords(customers: readonly SeededCustomer[]): Promise<(string | null)[]> {
  return Promise.all(
    customers.map(({ password, salt }) => (password === undefined ? null : hashSecret(password, salt))),
  );
}

export function customerTable(customers: readonly SeededCustomer[], hashes: readonly (string | null)[]): Table {
  return {
    name: 'customers',
    columns: ['id', 'name', 'email', 'password_hash', 'created_at', 'updated_at'],
    rows: customers.map((c, index): Cell[] => [
      c.id,
      `${c.firstName} ${c.lastName}`,
      c.email,
      hashes[index] ?? null,
      c.createdAt,
      c.createdAt,
    ]),
  };
}

/** Two of three customers have saved their address. */
export function addressTable(plan: Plan, customers: readonly SeededCustomer[]): Table {
  const random = new Random(plan.seed, 'addresses');
  const saved = customers.filter((_, index) => index % 3 !== 2);
  return {
    name: 'addresses',
    columns: [
      'id',
      'customer_id',
      'name',
      'first_name',
      'last_name',
      'company_name',
      'line_1',
      'line_2',
      'city',
      'postcode',
      'county',
      'country',
      'created_at',
      'updated_at',
    ],
    rows: saved.map(({ id, address: a, createdAt }): Cell[] => [
      random.uuid(),
      id,
      'Home',
      a.first_name,
      a.last_name,
      a.company_name,
      a.line_1,
      a.line_2,
      a.city,
      a.postcode,
      a.county,
      a.country,
      createdAt,
      createdAt,
    ]),
  };
}

function addressOf(random: Random, firstName: string, lastName: string): SeededAddress {
  const [city, county, country] = random.pick(places);
  return {
    first_name: firstName,
    last_name: lastName,
    company_name: '',
    line_1: `${random.int(1, 200)} ${random.pick(streets)}`,
    line_2: '',
    city,
    postcode: String(random.int(10_000, 99_999)),
    county,
    country,
  };
}
