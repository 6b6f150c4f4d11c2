import { type MariadbQueryable, type Queryable, statement } from '@banyan/kit/mariadb';
import type { ProductLinks } from './products.ts';

interface Link {
  brand_id: string;
  product_id: string;
}

const idsOf = "json_table(?, '$[*]' columns (id char(36) character set ascii collate ascii_bin path '$')) as wanted";
const linked = statement<Link, [string, number]>(
  'brands_product_links',
  `select brand_id, product_id from ${idsOf} straight_join product_links on product_links.brand_id = wanted.id
   where ? = 0 or status = 'live' order by created_at_us, product_id`,
);

/** The links of brands in this store's copy, in the default order of products. */
export async function readLinks(
  db: Queryable | MariadbQueryable,
  brandIds: readonly string[],
  liveOnly: boolean,
): Promise<ProductLinks> {
  const rows = brandIds.length === 0 ? [] : await db.query(linked, [JSON.stringify(brandIds), Number(liveOnly)]);
  const ofBrand = Map.groupBy(rows, (row) => row.brand_id);
  return {
    ofBrand: new Map([...ofBrand].map(([id, own]) => [id, own.map((row) => row.product_id)])),
    order: [...new Set(rows.map((row) => row.product_id))],
  };
}
