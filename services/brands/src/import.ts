import type { Micros } from '@banyan/kit/api';
import type { Values } from '@banyan/kit/fields';
import { Moment, type MovedResource, microsIn, momentOf } from '@banyan/kit/import';
import { type MariadbQueryable, statement } from '@banyan/kit/mariadb';
import { type KeptReply, mariadbReplies, ReplyState, replyIn, replyStateOf } from '@banyan/kit/once';
import Type, { type Static } from '@banyan/kit/typebox';
import type { Brand } from './domain.ts';
import { brandOf, type Row, writtenOf } from './rows.ts';
import { Id } from './travel.ts';

/** A brand as it travels between the monolith and this service. */
const BrandState = Type.Object({
  parent_id: Type.Union([Type.String({ minLength: 36, maxLength: 36 }), Type.Null()]),
  name: Type.String({ minLength: 1, maxLength: 255 }),
  slug: Type.String({ minLength: 1, maxLength: 255 }),
  description: Type.String({ maxLength: 65_536 }),
  status: Type.Enum(['live', 'draft']),
  created_at: Moment,
  updated_at: Moment,
  /** Values of fields that an operator added, by the id of the field. Absent without a value. */
  fields: Type.Optional(Type.Record(Id, Type.Unknown(), { additionalProperties: false, minProperties: 1 })),
  /** To keyed requests that set its values, in the order of their hashes. Absent without one. */
  replies: Type.Optional(Type.Array(ReplyState, { minItems: 1 })),
});
type BrandState = Static<typeof BrandState>;

const idsOf = "json_table(?, '$[*]' columns (id char(36) character set ascii collate ascii_bin path '$')) as incoming";
// JSON has only text, so bytes are in hex.
const slugsOf =
  "json_table(?, '$[*]' columns (id char(36) path '$.id', slug_held varchar(2040) path '$.slug_held')) as incoming";

const remove = statement<object, [string]>(
  'brands_import_remove',
  `delete brands from ${idsOf} straight_join brands on brands.id = incoming.id`,
);
const setAside = statement<object, [string]>(
  'brands_import_set_aside',
  `update ${slugsOf} straight_join brands
     on brands.slug_held = unhex(incoming.slug_held) and brands.id <> incoming.id
   set brands.slug_held = null`,
);
const columns = [
  'id',
  'parent_id',
  'name',
  'name_key',
  'slug',
  'slug_key',
  'slug_held',
  'description',
  'description_key',
  'status',
  'created_at_us',
  'updated_at_us',
  'field_values',
] as const;
const put = statement<object, unknown[]>(
  'brands_import_put',
  `insert into brands (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})
   on duplicate key update ${columns.map((name) => `${name} = values(${name})`).join(', ')}`,
);
const read = statement<Row, [string]>(
  'brands_import_read',
  `select brands.id, parent_id, name, slug, description, status, created_at_us, updated_at_us,
     field_values
   from ${idsOf} straight_join brands on brands.id = incoming.id`,
);
const keys = statement<{ id: string }, [string, string | null, string | null, number]>(
  'brands_import_keys',
  'select id from brands where id > ? and (? is null or id <= ?) order by id limit ?',
);
const displaced = statement<{ count: number }>(
  'brands_import_displaced',
  'select count(*) as count from brands where slug_held is null',
);

/**
 * How brands move between the monolith and this service. Transitional.
 *
 * @param now in microseconds: replies are kept for a day
 */
export const brandsImport = (now: () => Micros): MovedResource<MariadbQueryable, BrandState> => ({
  name: 'brands',
  group: 'brands',
  schema: BrandState,
  apply: async (tx, changes) => {
    const gone = changes.filter(({ state }) => state === null).map(({ key }) => key);
    const present = changes.flatMap(({ key, state }) => (state === null ? [] : [rowOf(brandIn(key, state))]));
    if (gone.length > 0) await tx.run(remove, [JSON.stringify(gone)]);
    if (present.length === 0) return;
    const slugs = present.map(({ id, slug_held }) => ({ id, slug_held: slug_held.toString('hex') }));
    await tx.run(setAside, [JSON.stringify(slugs)]);
    await tx.runMany(
      put,
      present.map((row) => columns.map((name) => row[name])),
    );
    await keepReplies(tx, changes);
  },
  read: async (tx, ids) => {
    if (ids.length === 0) return new Map();
    const rows = await tx.query(read, [JSON.stringify(ids)]);
    const replies = await mariadbReplies.of(tx).ofOwners(ids, now());
    return new Map(rows.map((row) => [row.id, stateOf(brandOf(row), replies.get(row.id) ?? [])]));
  },
  keys: async (tx, { after, to, limit }) => (await tx.query(keys, [after ?? '', to, to, limit])).map(({ id }) => id),
  displaced: async (tx) => (await tx.query(displaced, []))[0]?.count ?? 0,
});

/** Replies of a brand that is gone stay: each has a lifetime of its own. */
async function keepReplies(tx: MariadbQueryable, changes: readonly { key: string; state: BrandState | null }[]) {
  const replies = changes.flatMap(({ key, state }) => (state?.replies ?? []).map((reply) => ({ key, reply })));
  // In one order, so that two at once do not wait for each other.
  replies.sort((a, b) => (a.reply.hash < b.reply.hash ? -1 : 1));
  for (const { key, reply } of replies) await mariadbReplies.of(tx).keep(replyIn(reply), key);
}

const rowOf = (brand: Brand) => ({
  ...writtenOf(brand),
  id: brand.id,
  parent_id: brand.parentId,
  created_at_us: brand.createdAt,
});

const brandIn = (id: string, state: BrandState): Brand => ({
  id,
  parentId: state.parent_id,
  name: state.name,
  slug: state.slug,
  description: state.description,
  status: state.status,
  createdAt: microsIn(state.created_at),
  updatedAt: microsIn(state.updated_at),
  values: (state.fields ?? {}) as Values,
});

const stateOf = (brand: Brand, replies: readonly KeptReply[]): BrandState => ({
  parent_id: brand.parentId,
  name: brand.name,
  slug: brand.slug,
  description: brand.description,
  status: brand.status,
  created_at: momentOf(brand.createdAt),
  updated_at: momentOf(brand.updatedAt),
  ...(Object.keys(brand.values).length > 0 && { fields: { ...brand.values } }),
  ...(replies.length > 0 && { replies: replies.map(replyStateOf) }),
});
