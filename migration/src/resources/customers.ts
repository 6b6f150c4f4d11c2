import { MigrationError } from '../errors.ts';
import { customerFacts } from './customer-facts.ts';
import { insertReplies, isKept, keptRepliesTable, replyStates } from './kept-replies.ts';
import type { Queryable } from './queryable.ts';
import { type Resource, type StateChange, timeText, type WayBack } from './resource.ts';

/**
 * The aggregate of the key that customer tokens are signed with, after all ids of customers: tokens of either side are valid on
 * both, so the key moves with the customers.
 */
const tokenKey = 'token-key';

const uuid = '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}';
const entriesOf = { customers: '/v2/flows/customers/entries', addresses: '/v2/flows/addresses/entries' };

/**
 * The id of the customer that a keyed request was for; null for requests to other resources, and for one to an address that is
 * there no more.
 */
const customerOfReply = (row: string) => `case
  when ${row}.path ~ '^/v2/customers/${uuid}/addresses$' then lower(split_part(${row}.path, '/', 4))
  when ${row}.path = '${entriesOf.customers}' then ${row}.reply::jsonb #>> '{data,id}'
  when ${row}.path = '${entriesOf.addresses}' then
    (select a.customer_id::text from addresses a where a.id = (${row}.reply::jsonb #>> '{data,id}')::uuid)
end`;
/** Only these can be such requests. */
const maybeOfCustomer = `(r.path like '/v2/customers/%' or r.path in ('${entriesOf.customers}', '${entriesOf.addresses}'))`;

/** The values of an owner's fields, by the id of the field; no member without any. */
const fieldsOf = (table: string, owner: string) => `coalesce((
  select jsonb_build_object('fields', jsonb_object_agg(v.field_id, v.value)) from ${table} v
  where v.owner_id = ${owner} having count(*) > 0), '{}')`;

const members = [
  ...['name', 'first_name', 'last_name', 'company_name', 'phone_number', 'line_1', 'line_2', 'city', 'postcode'],
  ...['county', 'country', 'instructions'],
];

const addressesOf = `(select coalesce(jsonb_agg(jsonb_build_object('id', a.id,
    ${members.map((member) => `'${member}', a.${member}`).join(', ')},
    'created_at', ${timeText('a.created_at')}, 'updated_at', ${timeText('a.updated_at')})
    || ${fieldsOf('address_field_values', 'a.id')} order by a.id), '[]')
  from addresses a where a.customer_id = c.id)`;

/** A field that an operator deletes goes before its values. */
const fieldIsGone = (row: string) => `not exists (select from flow_fields where id = ${row}.field_id)`;

/** Customers with their addresses, the values of fields of both, and replies to keyed requests; and the key of their tokens. */
export const customers: Resource & WayBack = {
  name: 'customers',
  group: 'customers',
  service: 'customers',
  route: 'customers',
  summary: 'Customers with their addresses and fields, and the key of their tokens',
  entities: ['customer', 'address'],
  tables: [
    keptRepliesTable(customerOfReply),
    { name: 'customer_token_key', key: () => `'${tokenKey}'`, columns: ['one_row', 'key'] },
    {
      name: 'customers',
      key: 'id',
      columns: ['id', 'name', 'email', 'password_hash', 'created_at', 'updated_at'],
    },
    {
      name: 'addresses',
      key: 'customer_id',
      columns: ['id', 'customer_id', ...members, 'created_at', 'updated_at'],
    },
    {
      name: 'customer_field_values',
      key: 'owner_id',
      columns: ['owner_id', 'field_id', 'value'],
      skipped: fieldIsGone,
    },
    {
      name: 'address_field_values',
      key: (row) => `(select a.customer_id from addresses a where a.id = ${row}.owner_id)`,
      columns: ['owner_id', 'field_id', 'value'],
      skipped: fieldIsGone,
    },
  ],
  states: `
    with replied as (
      select ${customerOfReply('r')} as id, ${replyStates} as replies
      from idempotency_keys r
      where ${maybeOfCustomer} and ${isKept('r')} and ${customerOfReply('r')} = any($1::text[]) group by 1
    )
    select c.id::text as key, jsonb_build_object(
      'name', c.name, 'email', c.email, 'password_hash', c.password_hash,
      'created_at', ${timeText('c.created_at')}, 'updated_at', ${timeText('c.updated_at')}, 'addresses', ${addressesOf})
      || ${fieldsOf('customer_field_values', 'c.id')}
      || case when replied.replies is null then '{}' else jsonb_build_object('replies', replied.replies) end as state
    from customers c left join replied on replied.id = c.id::text
    where c.id = any(array(select key::uuid from unnest($1::text[]) as key where key <> '${tokenKey}'))
    union all
    select '${tokenKey}', jsonb_build_object('signing_key', encode(key, 'hex')) from customer_token_key
    where '${tokenKey}' = any($1::text[])`,
  keys: `
    select key from (
      (select id::text as key from customers
       where $1::text is null or id > case when $1 <> '${tokenKey}' then $1::uuid end order by id limit $2)
      union all
      (select '${tokenKey}' from customer_token_key where $1::text is null or $1 < '${tokenKey}' collate "C")
    ) as keys order by key collate "C" limit $2`,
  count: 'select ((select count(*) from customers) + (select count(*) from customer_token_key))::int as count',
  displaced: `select count(*)::int as count from customers where email = '~' || id::text`,
  apply: async (db, all) => {
    const key = all.find((change) => change.key === tokenKey);
    if (key !== undefined) await applyTokenKey(db, key);
    const changes = all.filter((change) => change.key !== tokenKey);
    if (changes.length === 0) return;
    const present = changes.flatMap(({ key: id, state }) => (state === null ? [] : [{ id, ...state }]));
    await removeAll(
      db,
      changes.map(({ key: id }) => id),
      present.map(({ id }) => id),
    );
    await insertAll(db, present);
    await insertReplies(
      db,
      present.flatMap((row) => ('replies' in row ? (row.replies as object[]) : [])),
    );
  },
  factsOf: (db, changes, publicUrl) =>
    customerFacts(
      db,
      changes.filter(({ key }) => key !== tokenKey),
      publicUrl,
    ),
  // Carts and orders that name a customer outlive the customer.
  afterDelete: async () => {},
};

async function applyTokenKey(db: Queryable, { state }: StateChange): Promise<void> {
  // Every customer token ends with it. A service that has lost its store must not take it along.
  if (state === null) throw new MigrationError('not_equal', 'the service has no key of customer tokens');
  await db.query(
    `insert into customer_token_key (key) values (decode($1, 'hex'))
     on conflict (one_row) do update set key = excluded.key`,
    [state.signing_key],
  );
}

/** No cascade takes addresses and values along here. Replies stay: each has a lifetime of its own. */
async function removeAll(db: Queryable, ids: readonly string[], kept: readonly string[]): Promise<void> {
  await db.query(
    `with own_values as (delete from customer_field_values where owner_id = any($1::text[]::uuid[])),
       address_values as (delete from address_field_values using addresses a
                          where owner_id = a.id and a.customer_id = any($1::text[]::uuid[])),
       gone as (delete from addresses where customer_id = any($1::text[]::uuid[]))
     delete from customers where id = any($1::text[]::uuid[]) and not id = any($2::text[]::uuid[])`,
    [ids, kept],
  );
}

async function insertAll(db: Queryable, present: readonly object[]): Promise<void> {
  if (present.length === 0) return;
  const rows = JSON.stringify(present);
  for (const text of [setAside, insertCustomers, insertAddresses, insertValues, insertAddressValues]) {
    await db.query(text, [rows]);
  }
}

const setAside = `
  update customers set email = '~' || id::text
  where lower(email) in (select lower(email) from jsonb_to_recordset($1::jsonb) as row(email text))
    and not exists (select from jsonb_to_recordset($1::jsonb) as row(id uuid, email text)
                    where row.id = customers.id and lower(row.email) = lower(customers.email))`;

const insertCustomers = `
  insert into customers (id, name, email, password_hash, created_at, updated_at)
  select * from jsonb_to_recordset($1::jsonb) as row(
    id uuid, name text, email text, password_hash text, created_at timestamptz, updated_at timestamptz)
  on conflict (id) do update set name = excluded.name, email = excluded.email, password_hash = excluded.password_hash,
    created_at = excluded.created_at, updated_at = excluded.updated_at`;

const insertAddresses = `
  insert into addresses (customer_id, id, ${members.join(', ')}, created_at, updated_at)
  select c.id, address.* from jsonb_to_recordset($1::jsonb) as c(id uuid, addresses jsonb),
    jsonb_to_recordset(c.addresses) as address(id uuid, ${members.map((member) => `${member} text`).join(', ')},
      created_at timestamptz, updated_at timestamptz)`;

const insertValues = `
  insert into customer_field_values (owner_id, field_id, value)
  select row.id, one.key::uuid, one.value
  from jsonb_to_recordset($1::jsonb) as row(id uuid, fields jsonb), jsonb_each(row.fields) as one`;

const insertAddressValues = `
  insert into address_field_values (owner_id, field_id, value)
  select address.id, one.key::uuid, one.value
  from jsonb_to_recordset($1::jsonb) as row(addresses jsonb),
    jsonb_to_recordset(row.addresses) as address(id uuid, fields jsonb), jsonb_each(address.fields) as one`;
