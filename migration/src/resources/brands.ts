import type { Queryable } from './queryable.ts';
import { type Resource, timeText } from './resource.ts';
import { apiMoment } from './shop-events.ts';

/** What the API shows beside the members of brands. */
const relationships = `
  select b.id::text as id, json_strip_nulls(json_build_object(
    'products', (select json_build_object('data', json_agg(json_build_object('type', 'product', 'id', l.product_id)
                                                           order by p.created_at, p.id))
                 from product_brands l join products p on p.id = l.product_id where l.brand_id = b.id having count(*) > 0),
    'parent', (select json_build_object('data', json_build_object('type', 'brand', 'id', p.id))
               from brands p where p.id = b.parent_id),
    'children', (select json_build_object('data', json_agg(json_build_object('type', 'brand', 'id', c.id)
                                                           order by c.created_at, c.id))
                 from brands c where c.parent_id = b.id having count(*) > 0))) as relationships
  from brands b where b.id = any($1::text[]::uuid[])`;

/** A reply to a keyed request is forgotten after a day. It is not deleted then. */
const kept = (reply: string) => `${reply}.status is not null and ${reply}.created_at > now() - interval '1 day'`;

/** The path of keyed requests that set the values of a brand, under whichever name of the flow they came. */
const keyedPath = '/v2/flows/brands/entries';
/** The id of the brand that a keyed request was for; null for a refusal and for requests to other resources. */
const brandOfReply = (row: string) =>
  `case when ${row}.path = '${keyedPath}' then ${row}.reply::jsonb #>> '{data,id}' end`;

const repliesOf = `(
  select jsonb_build_object('replies', jsonb_agg(jsonb_build_object(
    'hash', encode(r.scope_hash, 'hex'), 'client', r.client, 'customer', r.customer, 'method', r.method, 'path', r.path,
    'key', r.key, 'body_hash', encode(r.body_hash, 'hex'), 'status', r.status, 'reply', r.reply,
    'created_at', ${timeText('r.created_at')}) order by encode(r.scope_hash, 'hex') collate "C"))
  from idempotency_keys r where r.path = '${keyedPath}' and ${kept('r')} and ${brandOfReply('r')} = brands.id::text
  having count(*) > 0)`;

/** Brands, each with the replies to keyed requests that set its values. Links to products belong to the products. */
export const brands: Resource = {
  name: 'brands',
  group: 'brands',
  service: 'brands',
  route: 'brands',
  summary: 'Brands and their tree',
  entities: ['brand'],
  tables: [
    {
      name: 'idempotency_keys',
      key: brandOfReply,
      shared: true,
      columns: [
        ...['scope_hash', 'client', 'customer', 'method', 'path', 'key', 'body_hash', 'status', 'reply', 'created_at'],
      ],
    },
    {
      name: 'brands',
      key: 'id',
      columns: ['id', 'parent_id', 'name', 'slug', 'description', 'status', 'created_at', 'updated_at'],
    },
    {
      name: 'brand_field_values',
      key: 'owner_id',
      columns: ['owner_id', 'field_id', 'value'],
      // A field that an operator deletes goes before its values.
      skipped: (row) => `not exists (select from flow_fields where id = ${row}.field_id)`,
    },
  ],
  states: `
    select id::text as key, jsonb_build_object(
      'parent_id', parent_id, 'name', name, 'slug', slug, 'description', description, 'status', status,
      'created_at', ${timeText('created_at')}, 'updated_at', ${timeText('updated_at')})
      || coalesce((select jsonb_build_object('fields', jsonb_object_agg(field_id, value)) from brand_field_values
                   where owner_id = brands.id having count(*) > 0), '{}') || coalesce(${repliesOf}, '{}') as state
    from brands where id = any($1::text[]::uuid[])`,
  keys: 'select id::text as key from brands where ($1::uuid is null or id > $1::uuid) order by id limit $2',
  count: 'select count(*)::int as count from brands',
  displaced: `select count(*)::int as count from brands where slug = '~' || id::text`,
  apply: async (db, changes) => {
    const keys = changes.map(({ key }) => key);
    const present = changes.flatMap(({ key, state }) => (state === null ? [] : [{ id: key, ...state }]));
    await db.query('delete from brands where id = any($1::text[]::uuid[]) and not id = any($2::text[]::uuid[])', [
      keys,
      present.map(({ id }) => id),
    ]);
    const rows = JSON.stringify(present);
    await db.query(
      `update brands set slug = '~' || id::text
       where slug in (select slug from jsonb_to_recordset($1::jsonb) as row(slug text))
         and not exists (select from jsonb_to_recordset($1::jsonb) as row(id uuid, slug text)
                         where row.id = brands.id and row.slug = brands.slug)`,
      [rows],
    );
    await db.query(
      `insert into brands (id, parent_id, name, slug, description, status, created_at, updated_at)
       select * from jsonb_to_recordset($1::jsonb) as row(
         id uuid, parent_id uuid, name text, slug text, description text, status text,
         created_at timestamptz, updated_at timestamptz)
       on conflict (id) do update set parent_id = excluded.parent_id, name = excluded.name, slug = excluded.slug,
         description = excluded.description, status = excluded.status, created_at = excluded.created_at,
         updated_at = excluded.updated_at`,
      [rows],
    );
    // No cascade takes the values of a deleted brand along here.
    await db.query('delete from brand_field_values where owner_id = any($1::text[]::uuid[])', [keys]);
    await db.query(
      `insert into brand_field_values (owner_id, field_id, value)
       select row.id, one.key::uuid, one.value
       from jsonb_to_recordset($1::jsonb) as row(id uuid, fields jsonb), jsonb_each(row.fields) as one`,
      [rows],
    );
    await insertReplies(db, present);
  },
  factsOf: async (db, changes) => {
    const { rows } = await db.query<{ id: string; relationships: object }>(relationships, [
      changes.map(({ key }) => key),
    ]);
    const linksOf = new Map(rows.map((row) => [row.id, row.relationships]));
    return changes.map(({ key: id, version, state, before }) => {
      if (state === null) return { key: 'brand.deleted', entityId: id, version, resources: { type: 'brand', id } };
      const { name, slug, description, status, created_at, updated_at } = state;
      const timestamps = { created_at: apiMoment(created_at), updated_at: apiMoment(updated_at) };
      const shown = { id, type: 'brand', name, slug, description, status, meta: { timestamps } };
      const data = { ...shown, relationships: linksOf.get(id) ?? {} };
      return { key: before === null ? 'brand.created' : 'brand.updated', entityId: id, version, resources: { data } };
    });
  },
  afterDelete: async (db, keys) => {
    await db.query(
      `delete from product_brands where brand_id = any($1::text[]::uuid[])
         and not exists (select from brands where brands.id = brand_id)`,
      [keys],
    );
  },
};

/** Replies of a brand that is gone stay: each has a lifetime of its own. */
async function insertReplies(db: Queryable, present: readonly object[]): Promise<void> {
  await db.query(
    `insert into idempotency_keys (scope_hash, client, customer, method, path, key, body_hash, status, reply, created_at)
     select decode(reply.hash, 'hex'), reply.client, reply.customer, reply.method, reply.path, reply.key,
       decode(reply.body_hash, 'hex'), reply.status, reply.reply, reply.created_at
     from jsonb_to_recordset($1::jsonb) as row(replies jsonb), jsonb_to_recordset(row.replies) as reply(
       hash text, client text, customer text, method text, path text, key text, body_hash text, status integer,
       reply text, created_at timestamptz)
     on conflict (scope_hash) do update set body_hash = excluded.body_hash, status = excluded.status,
       reply = excluded.reply, created_at = excluded.created_at`,
    [JSON.stringify(present)],
  );
}
