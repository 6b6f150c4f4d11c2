import { cartFacts } from './cart-facts.ts';
import { insertReplies, isKept, keptRepliesTable, replyStates } from './kept-replies.ts';
import type { Queryable } from './queryable.ts';
import { type Resource, type StateChange, timeText, type WayBack } from './resource.ts';

/** A cart expires after this without a change. It is not deleted then. */
const live = (cart: string) => `${cart}.updated_at > now() - interval '7 days'`;

/** A text of an URL without its percent encoding. */
const decoded = (text: string) => `(
  select convert_from(string_agg(
    case when part like '\\%__' then decode(substr(part, 2), 'hex') else convert_to(part, 'UTF8') end,
    ''::bytea order by n), 'UTF8')
  from regexp_matches(${text}, '%[0-9A-Fa-f]{2}|.', 'g') with ordinality as pieces (piece, n), unnest(piece) as part)`;

/**
 * The id of the cart that a keyed request was for; null for requests to other resources, and for one to a line that is in no
 * cart any more. The checkout belongs to the orders. A new cart's id may be in the reply only.
 */
const cartOfReply = (row: string) => `case
  when ${row}.path ~ '^/v2/carts/[^/]+/(items|taxes)(/|$)' then ${decoded(`split_part(${row}.path, '/', 4)`)}
  when ${row}.path in ('/v2/carts', '/v2/flows/carts/entries') then ${row}.reply::jsonb #>> '{data,id}'
  when ${row}.path = '/v2/flows/cart_items/entries' then
    (select i.cart_id from cart_items i where i.id = (${row}.reply::jsonb #>> '{data,id}')::uuid)
end`;
/** Only these can be such requests. */
const maybeOfCart = (row: string) =>
  `(${row}.path like '/v2/carts%' or ${row}.path in ('/v2/flows/carts/entries', '/v2/flows/cart_items/entries'))`;

const taxesOf = `(select coalesce(jsonb_agg(jsonb_build_object(
    'id', t.id, 'name', t.name, 'jurisdiction', t.jurisdiction, 'code', t.code, 'rate', t.rate) order by t.position, t.id), '[]')
  from cart_item_taxes t where t.item_id = i.id)`;

/** The values of an owner's fields, by the id of the field; no member without any. */
const fieldsOf = (table: string, owner: string) => `coalesce((
  select jsonb_build_object('fields', jsonb_object_agg(v.field_id, v.value)) from ${table} v
  where v.owner_id = ${owner} having count(*) > 0), '{}')`;

const linesOf = `(select coalesce(jsonb_agg(jsonb_build_object(
    'id', i.id, 'type', i.type, 'product_id', i.product_id, 'name', i.name, 'sku', i.sku, 'slug', i.slug,
    'description', i.description, 'quantity', i.quantity, 'manage_stock', i.manage_stock,
    'unit_amount', i.unit_amount, 'includes_tax', i.includes_tax, 'created_at', ${timeText('i.created_at')},
    'updated_at', ${timeText('i.updated_at')}, 'taxes', ${taxesOf})
    || ${fieldsOf('cart_item_field_values', 'i.id')} order by i.position, i.id), '[]')
  from cart_items i where i.cart_id = c.id)`;

const codesOf = `(select coalesce(jsonb_agg(jsonb_build_object(
    'id', p.id, 'promotion_id', p.promotion_id, 'code', p.code, 'name', p.name, 'description', p.description,
    'created_at', ${timeText('p.created_at')}) order by p.created_at, p.id), '[]')
  from cart_promotions p where p.cart_id = c.id)`;

const customersOf = `(select coalesce(jsonb_agg(l.customer_id order by l.customer_id::text collate "C"), '[]')
  from cart_customers l where l.cart_id = c.id)`;

/** A field that an operator deletes goes before its values. */
const fieldIsGone = (row: string) => `not exists (select from flow_fields where id = ${row}.field_id)`;

/** A cart's lines and their taxes are in the order of their positions. */
interface CartState {
  cart:
    | (Record<string, unknown> & {
        customers: readonly string[];
        lines: readonly { id: string; taxes: readonly object[]; fields?: object }[];
        codes: readonly object[];
        fields?: object;
      })
    | null;
  replies: readonly object[];
}

/** Carts with their lines, taxes, promotion codes and customers, and what was replied to requests with an Idempotency-Key. */
export const carts: Resource & WayBack = {
  name: 'carts',
  group: 'carts',
  service: 'carts',
  route: 'carts',
  summary: 'Carts with their lines, taxes, promotion codes and fields',
  entities: ['cart'],
  tables: [
    keptRepliesTable(cartOfReply),
    {
      name: 'carts',
      key: (row) => `${row}.id`,
      columns: ['id', 'name', 'description', 'currency', 'created_at', 'updated_at'],
    },
    { name: 'cart_customers', key: (row) => `${row}.cart_id`, columns: ['cart_id', 'customer_id'] },
    {
      name: 'cart_items',
      key: (row) => `${row}.cart_id`,
      columns: [
        ...['id', 'position', 'cart_id', 'type', 'product_id', 'name', 'sku', 'slug', 'description', 'quantity'],
        ...['manage_stock', 'unit_amount', 'includes_tax', 'created_at', 'updated_at'],
      ],
    },
    {
      name: 'cart_item_taxes',
      key: (row) => `(select i.cart_id from cart_items i where i.id = ${row}.item_id)`,
      columns: ['id', 'position', 'item_id', 'name', 'jurisdiction', 'code', 'rate'],
    },
    {
      name: 'cart_promotions',
      key: (row) => `${row}.cart_id`,
      columns: ['id', 'cart_id', 'promotion_id', 'code', 'name', 'description', 'created_at'],
    },
    {
      name: 'cart_field_values',
      key: (row) => `${row}.owner_id`,
      columns: ['owner_id', 'field_id', 'value'],
      skipped: fieldIsGone,
    },
    {
      name: 'cart_item_field_values',
      key: (row) => `(select i.cart_id from cart_items i where i.id = ${row}.owner_id)`,
      columns: ['owner_id', 'field_id', 'value'],
      skipped: fieldIsGone,
    },
  ],
  states: `
    with found as (
      select c.id, jsonb_build_object(
        'name', c.name, 'description', c.description, 'currency', c.currency,
        'created_at', ${timeText('c.created_at')}, 'updated_at', ${timeText('c.updated_at')},
        'customers', ${customersOf}, 'lines', ${linesOf}, 'codes', ${codesOf})
        || ${fieldsOf('cart_field_values', 'c.id')} as cart
      from carts c where c.id = any($1::text[]) and ${live('c')}
    ), replied as (
      select ${cartOfReply('r')} as id, ${replyStates} as replies
      from idempotency_keys r
      where ${maybeOfCart('r')} and ${isKept('r')} and ${cartOfReply('r')} = any($1::text[]) group by 1
    )
    select id as key, jsonb_build_object('cart', found.cart, 'replies', coalesce(replied.replies, '[]')) as state
    from found full join replied using (id)`,
  // The store has no locale, so its order of text is that of bytes.
  keys: `
    select id as key from (
      (select c.id from carts c where ${live('c')} and ($1::text is null or c.id > $1::text) order by c.id limit $2)
      union
      (select ${cartOfReply('r')} from idempotency_keys r where ${maybeOfCart('r')} and ${isKept('r')})
    ) as ids
    where id is not null and ($1::text is null or id > $1::text) order by id limit $2`,
  count: `select count(*)::int as count from carts c where ${live('c')}`,
  displaced: 'select 0 as count',
  apply: async (db, changes) => {
    await removeCarts(
      db,
      changes.map(({ key }) => key),
    );
    await insertCarts(db, changes);
    const replies = changes.flatMap(({ state }) => (state as unknown as CartState | null)?.replies ?? []);
    await insertReplies(db, replies);
  },
  factsOf: async (_db, changes) => cartFacts(changes),
  afterDelete: async () => {},
};

/** Replies stay: each has a lifetime of its own. */
async function removeCarts(db: Queryable, ids: readonly string[]): Promise<void> {
  await db.query(
    `with gone as (select id from cart_items where cart_id = any($1::text[])),
       taxes as (delete from cart_item_taxes using gone where item_id = gone.id),
       line_values as (delete from cart_item_field_values using gone where owner_id = gone.id),
       own_values as (delete from cart_field_values where owner_id = any($1::text[])),
       items as (delete from cart_items where cart_id = any($1::text[])),
       promotions as (delete from cart_promotions where cart_id = any($1::text[])),
       customers as (delete from cart_customers where cart_id = any($1::text[]))
     delete from carts where id = any($1::text[])`,
    [ids],
  );
}

async function insertCarts(db: Queryable, changes: readonly StateChange[]): Promise<void> {
  const present = changes.flatMap(({ key, state }) => {
    const { cart } = (state ?? { cart: null }) as unknown as Pick<CartState, 'cart'>;
    return cart === null ? [] : [{ ...cart, id: key }];
  });
  if (present.length === 0) return;
  const rows = JSON.stringify(present);
  const [lines, codes] = [present.flatMap((cart) => cart.lines), present.flatMap((cart) => cart.codes)];
  await db.query(
    `insert into carts (id, name, description, currency, created_at, updated_at)
     select * from jsonb_to_recordset($1::jsonb) as row(
       id text, name text, description text, currency text, created_at timestamptz, updated_at timestamptz)`,
    [rows],
  );
  if (present.some(({ customers }) => customers.length > 0)) {
    await db.query(
      `insert into cart_customers (cart_id, customer_id)
       select row.id, customer::uuid from jsonb_to_recordset($1::jsonb) as row(id text, customers jsonb),
         jsonb_array_elements_text(row.customers) as customer`,
      [rows],
    );
  }
  if (lines.length > 0) await db.query(insertLines, [rows]);
  if (lines.some(({ taxes }) => taxes.length > 0)) await db.query(insertTaxes, [rows]);
  if (codes.length > 0) await db.query(insertCodes, [rows]);
  if (present.some(({ fields }) => fields !== undefined)) await db.query(insertValues, [rows]);
  if (lines.some(({ fields }) => fields !== undefined)) await db.query(insertLineValues, [rows]);
}

const insertLines = `
  insert into cart_items (cart_id, position, id, type, product_id, name, sku, slug, description, quantity,
    manage_stock, unit_amount, includes_tax, created_at, updated_at)
  select c.id, n, line.* from jsonb_to_recordset($1::jsonb) as c(id text, lines jsonb),
    jsonb_array_elements(c.lines) with ordinality as each(value, n),
    jsonb_to_record(each.value) as line(id uuid, type text, product_id uuid, name text, sku text, slug text,
      description text, quantity integer, manage_stock boolean, unit_amount bigint, includes_tax boolean,
      created_at timestamptz, updated_at timestamptz)`;

const insertTaxes = `
  insert into cart_item_taxes (item_id, position, id, name, jurisdiction, code, rate)
  select (line.value ->> 'id')::uuid, k, tax.* from jsonb_to_recordset($1::jsonb) as c(id text, lines jsonb),
    jsonb_array_elements(c.lines) as line(value),
    jsonb_array_elements(line.value -> 'taxes') with ordinality as each(value, k),
    jsonb_to_record(each.value) as tax(id uuid, name text, jurisdiction text, code text, rate double precision)`;

const insertCodes = `
  insert into cart_promotions (cart_id, id, promotion_id, code, name, description, created_at)
  select c.id, code.* from jsonb_to_recordset($1::jsonb) as c(id text, codes jsonb),
    jsonb_to_recordset(c.codes) as code(id uuid, promotion_id uuid, code text, name text, description text,
      created_at timestamptz)`;

const insertValues = `
  insert into cart_field_values (owner_id, field_id, value)
  select c.id, one.key::uuid, one.value
  from jsonb_to_recordset($1::jsonb) as c(id text, fields jsonb), jsonb_each(c.fields) as one`;

const insertLineValues = `
  insert into cart_item_field_values (owner_id, field_id, value)
  select line.id, one.key::uuid, one.value
  from jsonb_to_recordset($1::jsonb) as c(id text, lines jsonb),
    jsonb_to_recordset(c.lines) as line(id uuid, fields jsonb), jsonb_each(line.fields) as one`;
