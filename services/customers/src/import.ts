import type { Micros } from '@banyan/kit/api';
import type { Values } from '@banyan/kit/fields';
import { type AppliedChange, Moment, type MovedResource, microsIn, momentOf } from '@banyan/kit/import';
import { type MariadbQueryable, statement } from '@banyan/kit/mariadb';
import { type KeptReply, mariadbReplies, ReplyState, replyIn, replyStateOf } from '@banyan/kit/once';
import Type, { type Static } from '@banyan/kit/typebox';
import { type AddressMember, addressMembers, flows } from './contract.ts';
import type { Address, Customer } from './domain.ts';
import {
  type AddressRow,
  addressColumns,
  addressOf,
  addressRow,
  type CustomerRow,
  customerColumns,
  customerOf,
  customerRow,
} from './rows.ts';
import { readTokenKey, TokenKeyState, tokenKey, writeTokenKey } from './token-key.ts';

const Id = Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' });
const Line = Type.String({ maxLength: 255 });
const Fields = Type.Record(Id, Type.Unknown(), { additionalProperties: false, minProperties: 1 });
const lines = Object.fromEntries(addressMembers.map((member) => [member, Line])) as Record<AddressMember, typeof Line>;

/** An address as it travels. */
const AddressState = Type.Object({
  id: Id,
  ...lines,
  instructions: Type.String({ maxLength: 4_096 }),
  created_at: Moment,
  updated_at: Moment,
  /** Values of fields that an operator added, by the id of the field. Absent without a value. */
  fields: Type.Optional(Fields),
});

/** A customer as it travels between the monolith and this service, with all addresses. */
const CustomerState = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 255 }),
  email: Type.String({ minLength: 1, maxLength: 254 }),
  /** As the monolith has it: the form stays until the resource is retired. */
  password_hash: Type.Union([Type.String({ minLength: 1, maxLength: 512, pattern: '^[!-~]*$' }), Type.Null()]),
  created_at: Moment,
  updated_at: Moment,
  fields: Type.Optional(Fields),
  /** In the order of their ids. */
  addresses: Type.Array(AddressState),
  /** To keyed requests that made an address or set values, in the order of their hashes. Absent without one. */
  replies: Type.Optional(Type.Array(ReplyState, { minItems: 1 })),
});
type CustomerState = Static<typeof CustomerState>;

/** The key that customer tokens are signed with moves with the customers: tokens of either side are valid on both. */
const States = Type.Union([CustomerState, TokenKeyState]);
type States = Static<typeof States>;

const idsOf = "json_table(?, '$[*]' columns (id char(36) character set ascii collate ascii_bin path '$')) as incoming";
// JSON has only text, so bytes are in hex.
const emailsOf =
  "json_table(?, '$[*]' columns (id char(36) path '$.id', email_held varchar(2040) path '$.email_held')) as incoming";

const removeCustomers = statement<object, [string]>(
  'customers_import_remove',
  `delete customers from ${idsOf} straight_join customers on customers.id = incoming.id`,
);
const removeAddresses = statement<object, [string]>(
  'addresses_import_remove',
  `delete addresses from ${idsOf} straight_join addresses on addresses.customer_id = incoming.id`,
);
const setAside = statement<object, [string]>(
  'customers_import_set_aside',
  `update ${emailsOf} straight_join customers
     on customers.email_held = unhex(incoming.email_held) and customers.id <> incoming.id
   set customers.email_held = null`,
);
const customerNames = [
  ...(['id', 'name', 'name_key', 'email', 'email_key', 'email_held', 'password_hash', 'created_at_us'] as const),
  ...(['updated_at_us', 'field_values'] as const),
];
const putCustomer = statement<object, unknown[]>(
  'customers_import_put',
  `insert into customers (${customerNames.join(', ')}) values (${customerNames.map(() => '?').join(', ')})
   on duplicate key update ${customerNames.map((name) => `${name} = values(${name})`).join(', ')}`,
);
const addressNames = [
  ...(['id', 'customer_id', ...addressMembers, 'created_at_us', 'updated_at_us', 'field_values'] as const),
];
const putAddress = statement<object, unknown[]>(
  'addresses_import_put',
  `insert into addresses (${addressNames.join(', ')}) values (${addressNames.map(() => '?').join(', ')})
   on duplicate key update ${addressNames.map((name) => `${name} = values(${name})`).join(', ')}`,
);
const readCustomers = statement<CustomerRow, [string]>(
  'customers_import_read',
  `select ${customerColumns} from ${idsOf} straight_join customers on customers.id = incoming.id`,
);
const readAddresses = statement<AddressRow, [string]>(
  'addresses_import_read',
  `select ${addressColumns} from ${idsOf} straight_join addresses on addresses.customer_id = incoming.id
   order by addresses.id`,
);
const keys = statement<{ id: string }, [string, string | null, string | null, number]>(
  'customers_import_keys',
  'select id from customers where id > ? and (? is null or id <= ?) order by id limit ?',
);
const displaced = statement<{ count: number }>(
  'customers_import_displaced',
  'select count(*) as count from customers where email_held is null',
);

/**
 * How customers move between the monolith and this service, each with their addresses, and the key of their tokens.
 * Transitional.
 *
 * @param now in microseconds: replies are kept for a day
 */
export const customersImport = (now: () => Micros): MovedResource<MariadbQueryable, States> => ({
  name: 'customers',
  group: 'customers',
  schema: States,
  apply: async (tx, all) => {
    const key = all.find((change) => change.key === tokenKey);
    if (key !== undefined) await writeTokenKey(tx, key.state as TokenKeyState | null);
    const changes = all.filter((change) => change.key !== tokenKey);
    await applyCustomers(tx, changes as readonly AppliedChange<CustomerState>[]);
  },
  read: async (tx, keysToRead) => {
    const states = new Map<string, States>();
    const ids = keysToRead.filter((key) => key !== tokenKey);
    for (const [id, state] of await readStates(tx, ids, now())) states.set(id, state);
    const key = ids.length < keysToRead.length ? await readTokenKey(tx) : null;
    if (key !== null) states.set(tokenKey, key);
    return states;
  },
  keys: async (tx, { after, to, limit }) => {
    const found = (await tx.query(keys, [after ?? '', to, to, limit])).map(({ id }) => id);
    const isInRange = (after === null || tokenKey > after) && (to === null || tokenKey <= to) && found.length < limit;
    return isInRange && (await readTokenKey(tx)) !== null ? [...found, tokenKey] : found;
  },
  displaced: async (tx) => (await tx.query(displaced, []))[0]?.count ?? 0,
});

async function applyCustomers(tx: MariadbQueryable, changes: readonly AppliedChange<CustomerState>[]): Promise<void> {
  if (changes.length === 0) return;
  const gone = changes.filter(({ state }) => state === null).map(({ key }) => key);
  const present = changes.flatMap(({ key, state }) => (state === null ? [] : [{ key, state }]));
  if (gone.length > 0) await tx.run(removeCustomers, [JSON.stringify(gone)]);
  await tx.run(removeAddresses, [JSON.stringify(changes.map(({ key }) => key))]);
  if (present.length === 0) return;
  const customers = present.map(({ key, state }) => customerRow(customerIn(key, state)));
  const emails = customers.map(({ id, email_held }) => ({ id, email_held: email_held.toString('hex') }));
  await tx.run(setAside, [JSON.stringify(emails)]);
  await tx.runMany(
    putCustomer,
    customers.map((row) => customerNames.map((name) => row[name])),
  );
  const addresses = present.flatMap(({ key, state }) => addressesIn(key, state).map(addressRow));
  if (addresses.length > 0) {
    await tx.runMany(
      putAddress,
      addresses.map((row) => addressNames.map((name) => row[name])),
    );
  }
  await keepReplies(tx, present);
}

async function readStates(tx: MariadbQueryable, ids: readonly string[], now: Micros) {
  if (ids.length === 0) return new Map<string, CustomerState>();
  const wanted = JSON.stringify(ids);
  const customers = (await tx.query(readCustomers, [wanted])).map(customerOf);
  const addresses = Map.groupBy((await tx.query(readAddresses, [wanted])).map(addressOf), (one) => one.customerId);
  const replies = await mariadbReplies.of(tx).ofOwners(ids, now);
  return new Map(
    customers.map((customer) => {
      const own = addresses.get(customer.id) ?? [];
      const moving = (replies.get(customer.id) ?? []).filter((reply) => movesAlong(reply, own));
      return [customer.id, stateOf(customer, own, moving)];
    }),
  );
}

/** Replies of a customer who is gone stay: each has a lifetime of its own. */
async function keepReplies(tx: MariadbQueryable, present: readonly { key: string; state: CustomerState }[]) {
  const replies = present.flatMap(({ key, state }) => (state.replies ?? []).map((reply) => ({ key, reply })));
  // In one order, so that two at once do not wait for each other.
  replies.sort((a, b) => (a.reply.hash < b.reply.hash ? -1 : 1));
  for (const { key, reply } of replies) await mariadbReplies.of(tx).keep(replyIn(reply), key);
}

/** The monolith knows whose an entry's reply is by the address in it, as long as that is there. */
function movesAlong({ path, reply }: KeptReply, own: readonly Address[]): boolean {
  if (path !== `/v2/flows/${flows.addresses}/entries`) return true;
  const { data } = JSON.parse(reply) as { data?: { id?: string } };
  return own.some(({ id }) => id === data?.id);
}

const customerIn = (id: string, state: CustomerState): Customer => ({
  id,
  name: state.name,
  email: state.email,
  passwordHash: state.password_hash,
  createdAt: microsIn(state.created_at),
  updatedAt: microsIn(state.updated_at),
  values: (state.fields ?? {}) as Values,
});

const addressesIn = (customerId: string, { addresses }: CustomerState): Address[] =>
  addresses.map(({ created_at, updated_at, fields, ...members }) => ({
    ...members,
    customerId,
    createdAt: microsIn(created_at),
    updatedAt: microsIn(updated_at),
    values: (fields ?? {}) as Values,
  }));

const stateOf = (customer: Customer, addresses: readonly Address[], replies: readonly KeptReply[]): CustomerState => ({
  name: customer.name,
  email: customer.email,
  password_hash: customer.passwordHash,
  created_at: momentOf(customer.createdAt),
  updated_at: momentOf(customer.updatedAt),
  ...(Object.keys(customer.values).length > 0 && { fields: { ...customer.values } }),
  addresses: addresses.map(({ customerId: _, createdAt, updatedAt, values, ...members }) => ({
    ...members,
    created_at: momentOf(createdAt),
    updated_at: momentOf(updatedAt),
    ...(Object.keys(values).length > 0 && { fields: { ...values } }),
  })),
  ...(replies.length > 0 && { replies: replies.map(replyStateOf) }),
});
