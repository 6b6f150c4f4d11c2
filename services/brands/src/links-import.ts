import { Moment, type MovedResource, microsIn, momentOf } from '@banyan/kit/import';
import { type MariadbQueryable, statement } from '@banyan/kit/mariadb';
import Type, { type Static } from '@banyan/kit/typebox';
import { Id } from './travel.ts';

/** The links of one product, as they travel. */
const LinksState = Type.Object({
  status: Type.Enum(['live', 'draft']),
  created_at: Moment,
  /** Ids of brands, in bytewise order. */
  brands: Type.Array(Id, { minItems: 1 }),
});
type LinksState = Static<typeof LinksState>;

interface Row {
  product_id: string;
  brand_id: string;
  status: 'live' | 'draft';
  created_at_us: number;
}

const idsOf = "json_table(?, '$[*]' columns (id char(36) character set ascii collate ascii_bin path '$')) as incoming";

const remove = statement<object, [string]>(
  'links_import_remove',
  `delete product_links from ${idsOf} straight_join product_links on product_links.product_id = incoming.id`,
);
const put = statement<object, [string, string, string, number]>(
  'links_import_put',
  'insert into product_links (product_id, brand_id, status, created_at_us) values (?, ?, ?, ?)',
);
const read = statement<Row, [string]>(
  'links_import_read',
  `select product_id, brand_id, status, created_at_us
   from ${idsOf} straight_join product_links on product_links.product_id = incoming.id order by product_id, brand_id`,
);
const keys = statement<{ id: string }, [string, string | null, string | null, number]>(
  'links_import_keys',
  `select distinct product_id as id from product_links
   where product_id > ? and (? is null or product_id <= ?) order by product_id limit ?`,
);

/** The name of the resource. */
export const links = 'brand-links';

/** How links of products come from the monolith, which stays their only writer. Transitional. */
export const linksImport: MovedResource<MariadbQueryable, LinksState> = {
  name: links,
  group: links,
  schema: LinksState,
  apply: async (tx, changes) => {
    if (changes.length === 0) return;
    await tx.run(remove, [JSON.stringify(changes.map(({ key }) => key))]);
    const rows = changes.flatMap(({ key, state }) =>
      (state?.brands ?? []).map((brand): [string, string, string, number] => [
        ...([key, brand, state?.status ?? 'draft', microsIn(state?.created_at ?? '')] as const),
      ]),
    );
    if (rows.length > 0) await tx.runMany(put, rows);
  },
  read: async (tx, ids) => {
    const rows = ids.length === 0 ? [] : await tx.query(read, [JSON.stringify(ids)]);
    const byProduct = Map.groupBy(rows, (row) => row.product_id);
    return new Map([...byProduct].map(([id, own]) => [id, stateOf(own)]));
  },
  keys: async (tx, { after, to, limit }) => (await tx.query(keys, [after ?? '', to, to, limit])).map(({ id }) => id),
  displaced: async () => 0,
};

function stateOf(rows: readonly Row[]): LinksState {
  const [{ status = 'draft', created_at_us = 0 } = {}] = rows;
  return { status, created_at: momentOf(created_at_us), brands: rows.map((row) => row.brand_id) };
}
