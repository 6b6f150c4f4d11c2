import type { MovedResource } from '@banyan/kit/import';
import { type Queryable, statement } from '@banyan/kit/mariadb';
import Type, { type Static } from 'typebox';
import type { Brand } from './domain.ts';
import { brandOf, type Row, writtenOf } from './rows.ts';

/** RFC 3339 in UTC, with microseconds. */
const Moment = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{6}Z$' });

/** A brand as it travels between the monolith and this service. */
const BrandState = Type.Object({
  parent_id: Type.Union([Type.String({ minLength: 36, maxLength: 36 }), Type.Null()]),
  name: Type.String({ minLength: 1, maxLength: 255 }),
  slug: Type.String({ minLength: 1, maxLength: 255 }),
  description: Type.String({ maxLength: 65_536 }),
  status: Type.Enum(['live', 'draft']),
  created_at: Moment,
  updated_at: Moment,
});
type BrandState = Static<typeof BrandState>;

/** Rows as one JSON value. Bytes are in hex, because JSON has only text. */
const rowsOf = `json_table(?, '$[*]' columns (
  id char(36) path '$.id', parent_id char(36) path '$.parent_id', name varchar(255) path '$.name',
  name_key varchar(2040) path '$.name_key', slug varchar(255) path '$.slug', slug_key varchar(2040) path '$.slug_key',
  slug_held varchar(2040) path '$.slug_held', description mediumtext path '$.description',
  description_key mediumtext path '$.description_key', status varchar(5) path '$.status',
  created_at_us bigint path '$.created_at_us', updated_at_us bigint path '$.updated_at_us')) as incoming`;
const idsOf = "json_table(?, '$[*]' columns (id char(36) character set ascii collate ascii_bin path '$')) as incoming";

const remove = statement<object, [string]>(
  'brands_import_remove',
  `delete brands from ${idsOf} straight_join brands on brands.id = incoming.id`,
);
const setAside = statement<object, [string]>(
  'brands_import_set_aside',
  `update ${rowsOf} straight_join brands
     on brands.slug_held = unhex(incoming.slug_held) and brands.id <> incoming.id
   set brands.slug_held = null`,
);
const put = statement<object, [string]>(
  'brands_import_put',
  `insert into brands (id, parent_id, name, name_key, slug, slug_key, slug_held, description, description_key, status,
                       created_at_us, updated_at_us)
   select id, parent_id, name, unhex(name_key), slug, unhex(slug_key), unhex(slug_held), description,
          unhex(description_key), status, created_at_us, updated_at_us from ${rowsOf}
   on duplicate key update
     parent_id = values(parent_id), name = values(name), name_key = values(name_key), slug = values(slug),
     slug_key = values(slug_key), slug_held = values(slug_held), description = values(description),
     description_key = values(description_key), status = values(status), created_at_us = values(created_at_us),
     updated_at_us = values(updated_at_us)`,
);
const read = statement<Row, [string]>(
  'brands_import_read',
  `select brands.id, parent_id, name, slug, description, status, created_at_us, updated_at_us
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

/** How brands move between the monolith and this service. Transitional. */
export const brandsImport: MovedResource<Queryable, BrandState> = {
  name: 'brands',
  group: 'brands',
  schema: BrandState,
  apply: async (tx, changes) => {
    const gone = changes.filter(({ state }) => state === null).map(({ key }) => key);
    const present = changes.flatMap(({ key, state }) => (state === null ? [] : [rowOf(brandIn(key, state))]));
    if (gone.length > 0) await tx.run(remove, [JSON.stringify(gone)]);
    if (present.length === 0) return;
    const rows = JSON.stringify(present);
    await tx.run(setAside, [rows]);
    await tx.run(put, [rows]);
  },
  read: async (tx, ids) => {
    if (ids.length === 0) return new Map();
    return new Map((await tx.query(read, [JSON.stringify(ids)])).map((row) => [row.id, stateOf(brandOf(row))]));
  },
  keys: async (tx, { after, to, limit }) => (await tx.query(keys, [after ?? '', to, to, limit])).map(({ id }) => id),
  displaced: async (tx) => (await tx.query(displaced, []))[0]?.count ?? 0,
};

function rowOf(brand: Brand) {
  const row = writtenOf(brand);
  return {
    ...row,
    id: brand.id,
    parent_id: brand.parentId,
    created_at_us: brand.createdAt,
    name_key: row.name_key.toString('hex'),
    slug_key: row.slug_key.toString('hex'),
    slug_held: row.slug_held.toString('hex'),
    description_key: row.description_key.toString('hex'),
  };
}

const brandIn = (id: string, state: BrandState): Brand => ({
  id,
  parentId: state.parent_id,
  name: state.name,
  slug: state.slug,
  description: state.description,
  status: state.status,
  createdAt: microsIn(state.created_at),
  updatedAt: microsIn(state.updated_at),
});

const stateOf = (brand: Brand): BrandState => ({
  parent_id: brand.parentId,
  name: brand.name,
  slug: brand.slug,
  description: brand.description,
  status: brand.status,
  created_at: textOf(brand.createdAt),
  updated_at: textOf(brand.updatedAt),
});

/** `Date` has milliseconds only. */
const microsIn = (text: string): number => Date.parse(`${text.slice(0, 23)}Z`) * 1_000 + Number(text.slice(23, 26));

function textOf(micros: number): string {
  const milliseconds = Math.floor(micros / 1_000);
  const rest = String(micros - milliseconds * 1_000).padStart(3, '0');
  return `${new Date(milliseconds).toISOString().slice(0, -1)}${rest}Z`;
}
