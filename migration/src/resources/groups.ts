import type { Queryable } from './queryable.ts';
import { type Resource, timeText } from './resource.ts';
import { apiMoment } from './shop-events.ts';

/** One of the resources by which products are grouped: the monolith keeps them alike, in tables of their own. */
export interface GroupKind {
  /** Singular: the entity. */
  type: string;
  /** Plural: the resource, its service and its table. */
  plural: string;
  /** One sentence for the list. */
  summary: string;
}

/** A reply to a keyed request is forgotten after a day. It is not deleted then. */
const kept = (reply: string) => `${reply}.status is not null and ${reply}.created_at > now() - interval '1 day'`;

/** Groups, each with the replies to keyed requests that set the values of its fields. Links to products belong to the products. */
export function groups({ type, plural, summary }: GroupKind): Resource {
  const values = `${type}_field_values`;
  const links = `product_${plural}`;
  /** The path of keyed requests that set the values of a group, under whichever name of the flow they came. */
  const keyedPath = `/v2/flows/${plural}/entries`;
  /** The id of the group that a keyed request was for; null for a refusal and for requests to other resources. */
  const groupOfReply = (row: string) =>
    `case when ${row}.path = '${keyedPath}' then ${row}.reply::jsonb #>> '{data,id}' end`;
  const repliesOf = `(
    select jsonb_build_object('replies', jsonb_agg(jsonb_build_object(
      'hash', encode(r.scope_hash, 'hex'), 'client', r.client, 'customer', r.customer, 'method', r.method, 'path', r.path,
      'key', r.key, 'body_hash', encode(r.body_hash, 'hex'), 'status', r.status, 'reply', r.reply,
      'created_at', ${timeText('r.created_at')}) order by encode(r.scope_hash, 'hex') collate "C"))
    from idempotency_keys r where r.path = '${keyedPath}' and ${kept('r')} and ${groupOfReply('r')} = ${plural}.id::text
    having count(*) > 0)`;
  /** What the API shows beside the members of groups. */
  const relationships = `
    select g.id::text as id, json_strip_nulls(json_build_object(
      'products', (select json_build_object('data', json_agg(json_build_object('type', 'product', 'id', l.product_id)
                                                             order by p.created_at, p.id))
                   from ${links} l join products p on p.id = l.product_id where l.${type}_id = g.id having count(*) > 0),
      'parent', (select json_build_object('data', json_build_object('type', '${type}', 'id', p.id))
                 from ${plural} p where p.id = g.parent_id),
      'children', (select json_build_object('data', json_agg(json_build_object('type', '${type}', 'id', c.id)
                                                             order by c.created_at, c.id))
                   from ${plural} c where c.parent_id = g.id having count(*) > 0))) as relationships
    from ${plural} g where g.id = any($1::text[]::uuid[])`;

  return {
    ...{ name: plural, group: plural, service: plural, route: plural, summary },
    entities: [type],
    tables: [
      {
        name: 'idempotency_keys',
        key: groupOfReply,
        shared: true,
        columns: [
          ...[
            'scope_hash',
            'client',
            'customer',
            'method',
            'path',
            'key',
            'body_hash',
            'status',
            'reply',
            'created_at',
          ],
        ],
      },
      {
        name: plural,
        key: 'id',
        columns: ['id', 'parent_id', 'name', 'slug', 'description', 'status', 'created_at', 'updated_at'],
      },
      {
        name: values,
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
        || coalesce((select jsonb_build_object('fields', jsonb_object_agg(field_id, value)) from ${values}
                     where owner_id = ${plural}.id having count(*) > 0), '{}') || coalesce(${repliesOf}, '{}') as state
      from ${plural} where id = any($1::text[]::uuid[])`,
    keys: `select id::text as key from ${plural} where ($1::uuid is null or id > $1::uuid) order by id limit $2`,
    count: `select count(*)::int as count from ${plural}`,
    displaced: `select count(*)::int as count from ${plural} where slug = '~' || id::text`,
    apply: async (db, changes) => {
      const keys = changes.map(({ key }) => key);
      const present = changes.flatMap(({ key, state }) => (state === null ? [] : [{ id: key, ...state }]));
      await db.query(`delete from ${plural} where id = any($1::text[]::uuid[]) and not id = any($2::text[]::uuid[])`, [
        keys,
        present.map(({ id }) => id),
      ]);
      const rows = JSON.stringify(present);
      await db.query(
        `update ${plural} set slug = '~' || id::text
         where slug in (select slug from jsonb_to_recordset($1::jsonb) as row(slug text))
           and not exists (select from jsonb_to_recordset($1::jsonb) as row(id uuid, slug text)
                           where row.id = ${plural}.id and row.slug = ${plural}.slug)`,
        [rows],
      );
      await db.query(
        `insert into ${plural} (id, parent_id, name, slug, description, status, created_at, updated_at)
         select * from jsonb_to_recordset($1::jsonb) as row(
           id uuid, parent_id uuid, name text, slug text, description text, status text,
           created_at timestamptz, updated_at timestamptz)
         on conflict (id) do update set parent_id = excluded.parent_id, name = excluded.name, slug = excluded.slug,
           description = excluded.description, status = excluded.status, created_at = excluded.created_at,
           updated_at = excluded.updated_at`,
        [rows],
      );
      // No cascade takes the values of a deleted group along here.
      await db.query(`delete from ${values} where owner_id = any($1::text[]::uuid[])`, [keys]);
      await db.query(
        `insert into ${values} (owner_id, field_id, value)
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
        if (state === null) return { key: `${type}.deleted`, entityId: id, version, resources: { type, id } };
        const { name, slug, description, status, created_at, updated_at } = state;
        const timestamps = { created_at: apiMoment(created_at), updated_at: apiMoment(updated_at) };
        const shown = { id, type, name, slug, description, status, meta: { timestamps } };
        const data = { ...shown, relationships: linksOf.get(id) ?? {} };
        const key = before === null ? `${type}.created` : `${type}.updated`;
        return { key, entityId: id, version, resources: { data } };
      });
    },
    afterDelete: async (db, keys) => {
      await db.query(
        `delete from ${links} where ${type}_id = any($1::text[]::uuid[])
           and not exists (select from ${plural} where ${plural}.id = ${type}_id)`,
        [keys],
      );
    },
  };
}

/**
 * Links from products to groups, with what decides who sees a product and in which order: one aggregate is a product with a
 * link. They belong to products, which the monolith alone writes: nothing comes back. The service of the groups keeps a copy
 * for its own replies.
 */
export function groupLinks({ type, plural }: Pick<GroupKind, 'type' | 'plural'>): Resource {
  const name = `${type}-links`;
  const links = `product_${plural}`;
  return {
    ...{ name, group: name, service: plural, route: null },
    summary: `Links from products to ${plural}, which the monolith alone writes`,
    tables: [
      { name: links, key: 'product_id', shared: true, columns: ['product_id', `${type}_id`, 'position'] },
      {
        name: 'products',
        // A product without a link is none. With its last link goes a note of that table.
        key: (row) => `(select ${row}.id where exists (select from ${links} where product_id = ${row}.id))`,
        shared: true,
        columns: [
          ...['id', 'name', 'slug', 'sku', 'description', 'manage_stock', 'commodity_type', 'status', 'parent_id'],
          ...['created_at', 'updated_at'],
        ],
      },
    ],
    states: `
      select p.id::text as key, jsonb_build_object('status', p.status, 'created_at', ${timeText('p.created_at')},
        '${plural}', jsonb_agg(l.${type}_id order by l.${type}_id)) as state
      from products p join ${links} l on l.product_id = p.id
      where p.id = any($1::text[]::uuid[]) group by p.id`,
    keys: `
      select product_id::text as key from (select distinct product_id from ${links}) as linked
      where ($1::uuid is null or product_id > $1::uuid) order by product_id limit $2`,
    count: `select count(distinct product_id)::int as count from ${links}`,
  };
}

/** Replies of a group that is gone stay: each has a lifetime of its own. */
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
