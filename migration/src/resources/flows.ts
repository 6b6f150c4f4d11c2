import type { Queryable } from './queryable.ts';
import { type Resource, type StateChange, timeText, type WayBack } from './resource.ts';

const entryKey = 'entry:';
const flowKey = 'flow:';

/** Where the monolith keeps the values of core entities, by the slug of their flow. */
const valuesOfCore: Readonly<Record<string, string>> = {
  ...{ products: 'product', categories: 'category', brands: 'brand', collections: 'collection', customers: 'customer' },
  ...{ addresses: 'address', carts: 'cart', cart_items: 'cart_item', orders: 'order', order_items: 'order_item' },
  promotions: 'promotion',
};
const coreSlugs = Object.keys(valuesOfCore);

/** A reply to a keyed request is forgotten after a day. It is not deleted then. */
const kept = (reply: string) => `${reply}.status is not null and ${reply}.created_at > now() - interval '1 day'`;

/** Whether a path is that of the entries of a flow that merchants defined. Those of core flows belong to their entities. */
const isOfEntries = (row: string) =>
  `${row}.path ~ '^/v2/flows/[^/]+/entries$' and split_part(${row}.path, '/', 4) <> all ('{${coreSlugs.join(',')}}')`;

/** The id of the entry that a keyed request made; null for a refusal and for requests to other resources. */
const madeBy = (row: string) => `case when ${isOfEntries(row)} then ${row}.reply::jsonb #>> '{data,id}' end`;

/** The ids of one kind in a list of keys. */
const idsOf = (prefix: string) =>
  `array(select substr(key, ${prefix.length + 1})::uuid from unnest($1::text[]) as key where starts_with(key, '${prefix}'))`;

/** The ids of one kind after the key `$1`, as a condition. */
const after = (prefix: string) =>
  `($1::text is null or $1 < '${prefix}' collate "C"
    or id > case when starts_with($1, '${prefix}') then substr($1, ${prefix.length + 1})::uuid end)`;

const fieldsOf = `(
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', f.id, 'slug', f.slug, 'name', f.name, 'field_type', f.field_type, 'description', f.description,
    'required', f.required, 'is_unique', f.is_unique, 'default_value', f.default_value, 'enabled', f.enabled,
    'position', f.position, 'omit_null', f.omit_null, 'validation_rules', f.validation_rules,
    'created_at', ${timeText('f.created_at')}, 'updated_at', ${timeText('f.updated_at')}) order by f.id), '[]')
  from flow_fields f where f.flow_id = flows.id)`;

const flowStates = `
  select '${flowKey}' || id as key, jsonb_build_object(
    'slug', slug, 'name', name, 'description', description, 'enabled', enabled,
    'created_at', ${timeText('created_at')}, 'updated_at', ${timeText('updated_at')}, 'fields', ${fieldsOf}) as state
  from flows where id = any(${idsOf(flowKey)})`;

const entryStates = `
  select '${entryKey}' || e.id, jsonb_build_object(
    'flow_id', e.flow_id, 'created_at', ${timeText('e.created_at')}, 'updated_at', ${timeText('e.updated_at')})
    || coalesce((select jsonb_build_object('values', jsonb_object_agg(field_id, value)) from flow_entry_values
                 where owner_id = e.id having count(*) > 0), '{}')
    || coalesce(replied.of, '{}')
  from flow_entries e left join (
    select made.id, jsonb_build_object('replies', jsonb_agg(jsonb_build_object(
      'hash', encode(r.scope_hash, 'hex'), 'client', r.client, 'customer', r.customer, 'method', r.method, 'path', r.path,
      'key', r.key, 'body_hash', encode(r.body_hash, 'hex'), 'status', r.status, 'reply', r.reply,
      'created_at', ${timeText('r.created_at')}) order by encode(r.scope_hash, 'hex') collate "C")) as of
    from idempotency_keys r, lateral (select (${madeBy('r')})::uuid as id) as made
    where ${isOfEntries('r')} and ${kept('r')} and made.id = any(${idsOf(entryKey)})
    group by made.id
  ) as replied on replied.id = e.id
  where e.id = any(${idsOf(entryKey)})`;

/**
 * Flows, each with its fields, and the entries of flows that merchants defined, each with its values and with the reply to
 * the keyed request that made it. The values of core entities belong to these entities.
 */
export const flows: Resource & WayBack = {
  name: 'flows',
  group: 'flows',
  service: 'flows',
  route: 'flows',
  summary: 'Flows, their fields, and entries',
  weight: (key) => (key.startsWith(flowKey) ? 10 : 1),
  tables: [
    {
      name: 'idempotency_keys',
      key: (row) => `'${entryKey}' || (${madeBy(row)})`,
      shared: true,
      columns: [
        ...['scope_hash', 'client', 'customer', 'method', 'path', 'key', 'body_hash', 'status', 'reply', 'created_at'],
      ],
    },
    {
      name: 'flows',
      key: (row) => `'${flowKey}' || ${row}.id`,
      columns: ['id', 'slug', 'name', 'description', 'enabled', 'created_at', 'updated_at'],
    },
    {
      name: 'flow_fields',
      key: (row) => `'${flowKey}' || ${row}.flow_id`,
      columns: [
        ...['id', 'flow_id', 'slug', 'name', 'field_type', 'description', 'required', 'is_unique', 'default_value'],
        ...['enabled', 'position', 'omit_null', 'validation_rules', 'created_at', 'updated_at'],
      ],
    },
    {
      name: 'flow_entries',
      key: (row) => `'${entryKey}' || ${row}.id`,
      columns: ['id', 'flow_id', 'created_at', 'updated_at'],
    },
    {
      name: 'flow_entry_values',
      key: (row) => `'${entryKey}' || ${row}.owner_id`,
      columns: ['owner_id', 'field_id', 'value'],
    },
  ],
  states: `${flowStates} union all ${entryStates}`,
  keys: `
    select key from (
      (select '${entryKey}' || id as key from flow_entries where ${after(entryKey)} order by id limit $2)
      union all
      (select '${flowKey}' || id from flows where ${after(flowKey)} order by id limit $2)
    ) as found order by key collate "C" limit $2`,
  count: 'select (select count(*) from flows)::int + (select count(*) from flow_entries)::int as count',
  displaced: `select count(*)::int as count from flows where slug = '~' || id::text`,
  apply: async (db, changes) => {
    await applyFlows(db, withIds(changes, flowKey));
    await applyEntries(db, withIds(changes, entryKey));
  },
  // What belongs to a flow is in this resource, and comes back by itself; values of core entities are noted in `apply`.
  afterDelete: async () => {},
};

interface WithId {
  id: string;
  state: StateChange['state'];
}

function withIds(changes: readonly StateChange[], prefix: string): WithId[] {
  return changes.flatMap(({ key, state }) => (key.startsWith(prefix) ? [{ id: key.slice(prefix.length), state }] : []));
}

const presentIn = (changes: readonly WithId[]) =>
  changes.flatMap(({ id, state }) => (state === null ? [] : [{ id, ...state }]));

async function applyFlows(db: Queryable, changes: readonly WithId[]): Promise<void> {
  if (changes.length === 0) return;
  const ids = changes.map(({ id }) => id);
  const present = presentIn(changes);
  const rows = JSON.stringify(present);
  await noteValues(db, ids, rows);
  await db.query('delete from flow_fields where flow_id = any($1::text[]::uuid[])', [ids]);
  await db.query('delete from flows where id = any($1::text[]::uuid[]) and not id = any($2::text[]::uuid[])', [
    ids,
    present.map(({ id }) => id),
  ]);
  await db.query(
    `update flows set slug = '~' || id::text
     where slug in (select slug from jsonb_to_recordset($1::jsonb) as row(slug text))
       and not exists (select from jsonb_to_recordset($1::jsonb) as row(id uuid, slug text)
                       where row.id = flows.id and row.slug = flows.slug)`,
    [rows],
  );
  await db.query(
    `insert into flows (id, slug, name, description, enabled, created_at, updated_at)
     select * from jsonb_to_recordset($1::jsonb) as row(
       id uuid, slug text, name text, description text, enabled boolean, created_at timestamptz, updated_at timestamptz)
     on conflict (id) do update set slug = excluded.slug, name = excluded.name, description = excluded.description,
       enabled = excluded.enabled, created_at = excluded.created_at, updated_at = excluded.updated_at`,
    [rows],
  );
  await db.query(
    `insert into flow_fields (id, flow_id, slug, name, field_type, description, required, is_unique, default_value,
       enabled, position, omit_null, validation_rules, created_at, updated_at)
     select field.id, flow.id, field.slug, field.name, field.field_type, field.description, field.required,
       field.is_unique, field.default_value, field.enabled, field.position, field.omit_null,
       field.validation_rules, field.created_at, field.updated_at
     from jsonb_to_recordset($1::jsonb) as flow(id uuid, fields jsonb), jsonb_to_recordset(flow.fields) as field(
       id uuid, slug text, name text, field_type text, description text, required boolean, is_unique boolean,
       default_value jsonb, enabled boolean, position integer, omit_null boolean, validation_rules jsonb,
       created_at timestamptz, updated_at timestamptz)`,
    [rows],
  );
}

/**
 * Notes the fields of core entities that are gone (seam 3): the monolith deletes their values by ordinary writes, where it
 * owns the entities.
 */
async function noteValues(db: Queryable, ids: readonly string[], rows: string): Promise<void> {
  await db.query(
    `insert into deleted_entities (kind, key, created_at)
     select 'field in ' || ($3::jsonb ->> flow.slug) || '_field_values', field.id::text, clock_timestamp()
     from flow_fields field join flows flow on flow.id = field.flow_id
     where flow.id = any($1::text[]::uuid[]) and $3::jsonb ? flow.slug
       and not exists (select from jsonb_to_recordset($2::jsonb) as row(fields jsonb),
                         jsonb_to_recordset(row.fields) as there(id uuid) where there.id = field.id)
     on conflict do nothing`,
    [ids, rows, JSON.stringify(valuesOfCore)],
  );
}

async function applyEntries(db: Queryable, changes: readonly WithId[]): Promise<void> {
  if (changes.length === 0) return;
  const ids = changes.map(({ id }) => id);
  const present = presentIn(changes);
  const rows = JSON.stringify(present);
  // No cascade takes the values of a deleted entry along here.
  await db.query('delete from flow_entry_values where owner_id = any($1::text[]::uuid[])', [ids]);
  await db.query('delete from flow_entries where id = any($1::text[]::uuid[]) and not id = any($2::text[]::uuid[])', [
    ids,
    present.map(({ id }) => id),
  ]);
  await db.query(
    `insert into flow_entries (id, flow_id, created_at, updated_at)
     select * from jsonb_to_recordset($1::jsonb) as row(
       id uuid, flow_id uuid, created_at timestamptz, updated_at timestamptz)
     on conflict (id) do update set flow_id = excluded.flow_id, created_at = excluded.created_at,
       updated_at = excluded.updated_at`,
    [rows],
  );
  await db.query(
    `insert into flow_entry_values (owner_id, field_id, value)
     select row.id, one.key::uuid, one.value
     from jsonb_to_recordset($1::jsonb) as row(id uuid, values jsonb), jsonb_each(row.values) as one`,
    [rows],
  );
  // Replies of an entry that is gone stay: each has a lifetime of its own.
  await db.query(
    `insert into idempotency_keys (scope_hash, client, customer, method, path, key, body_hash, status, reply, created_at)
     select decode(reply.hash, 'hex'), reply.client, reply.customer, reply.method, reply.path, reply.key,
       decode(reply.body_hash, 'hex'), reply.status, reply.reply, reply.created_at
     from jsonb_to_recordset($1::jsonb) as row(replies jsonb), jsonb_to_recordset(row.replies) as reply(
       hash text, client text, customer text, method text, path text, key text, body_hash text, status integer,
       reply text, created_at timestamptz)
     on conflict (scope_hash) do update set body_hash = excluded.body_hash, status = excluded.status,
       reply = excluded.reply, created_at = excluded.created_at`,
    [rows],
  );
}
