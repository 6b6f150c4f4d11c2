import { isUuid } from '../api/ids.ts';
import type { Bindings } from '../api/sql.ts';
import type { Queryable } from '../db.ts';

export interface Customer {
  id: string;
  name: string;
  email: string;
  hasPassword: boolean;
  createdAt: Date;
  updatedAt: Date;
}

export interface CustomerChange {
  name?: string | undefined;
  email?: string | undefined;
  passwordHash?: string | undefined;
}

/** The unique constraint that fails when another customer has the e-mail address. */
export const emailTaken = 'customers_email';

const columns = `c.id, c.name, c.email, c.password_hash is not null as "hasPassword", c.created_at as "createdAt",
  c.updated_at as "updatedAt"`;

/** Reads customers. `where` is a condition over `c`; `tail` holds order and limit. */
export async function selectCustomers(
  db: Queryable,
  selection: { where: string; tail: string; bindings: Bindings },
): Promise<Customer[]> {
  const { rows } = await db.query<Customer>(
    `select ${columns} from customers c where ${selection.where} ${selection.tail}`,
    selection.bindings.values,
  );
  return rows;
}

export async function countCustomers(db: Queryable, where: string, bindings: Bindings): Promise<number> {
  const { rows } = await db.query<{ total: string }>(
    `select count(*) as total from customers c where ${where}`,
    bindings.values,
  );
  return Number(rows[0]?.total ?? 0);
}

export async function findCustomer(db: Queryable, id: string): Promise<Customer | undefined> {
  if (!isUuid(id)) return undefined;
  return (await db.query<Customer>(`select ${columns} from customers c where c.id = $1`, [id])).rows[0];
}

export async function customerExists(db: Queryable, id: string): Promise<boolean> {
  return (await findCustomer(db, id)) !== undefined;
}

/** Undefined if the customer does not exist; null while the customer has no password. */
export async function findPasswordHash(db: Queryable, id: string): Promise<string | null | undefined> {
  if (!isUuid(id)) return undefined;
  const { rows } = await db.query<{ hash: string | null }>(
    'select password_hash as hash from customers where id = $1',
    [id],
  );
  return rows[0]?.hash;
}

/** Finds a customer by e-mail address, ignoring case. */
export async function findCredentials(
  db: Queryable,
  email: string,
): Promise<{ id: string; name: string; passwordHash: string | null } | undefined> {
  const { rows } = await db.query<{ id: string; name: string; passwordHash: string | null }>(
    `select id, name, password_hash as "passwordHash" from customers where lower(email) = lower($1)`,
    [email],
  );
  return rows[0];
}

export async function insertCustomer(
  db: Queryable,
  customer: { name: string; email: string; passwordHash: string | undefined },
  now: Date,
): Promise<Customer | undefined> {
  const { rows } = await db.query<Customer>(
    // Not the store's clock: it counts microseconds, and clients, which see milliseconds, filter by what they see.
    `insert into customers as c (name, email, password_hash, created_at, updated_at) values ($1, $2, $3, $4, $4)
     returning ${columns}`,
    [customer.name, customer.email, customer.passwordHash ?? null, now],
  );
  return rows[0];
}

/** Changes the given members; undefined if the customer does not exist. */
export async function updateCustomer(
  db: Queryable,
  id: string,
  change: CustomerChange,
  now: Date,
): Promise<Customer | undefined> {
  if (!isUuid(id)) return undefined;
  const { rows } = await db.query<Customer>(
    `update customers as c set name = coalesce($2, name), email = coalesce($3, email),
       password_hash = coalesce($4, password_hash), updated_at = $5
     where c.id = $1 returning ${columns}`,
    [id, change.name, change.email, change.passwordHash, now],
  );
  return rows[0];
}

/** Deletes a customer; returns whether the customer existed. */
export async function deleteCustomer(db: Queryable, id: string): Promise<boolean> {
  if (!isUuid(id)) return false;
  return (await db.query('delete from customers where id = $1', [id])).rowCount === 1;
}
