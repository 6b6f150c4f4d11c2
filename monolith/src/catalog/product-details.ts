import type { Queryable } from '../db.ts';
import { loadFamilies, type ProductFamilies } from '../variations/product-families.ts';
import { type Kind, kinds } from './kinds.ts';

export interface Price {
  amount: number;
  currency: string;
  includes_tax: boolean;
}

/** Related data of products, by product id. Products without such data are absent. */
export interface ProductDetails {
  prices: Map<string, Price[]>;
  links: Record<Kind['plural'] | 'files', Map<string, string[]>>;
  mainImages: Map<string, string>;
  available: Map<string, number>;
  families: ProductFamilies;
}

interface Link {
  product_id: string;
  target: string;
}

/** Loads the related data of a page of products: one query for each kind, whatever the number of products. */
export async function loadDetails(db: Queryable, ids: readonly string[], liveOnly: boolean): Promise<ProductDetails> {
  const [prices, files, images, stock, families, ...links] = await Promise.all([
    db.query<{ product_id: string; currency: string; amount: string; includes_tax: boolean }>(
      'select product_id, currency, amount, includes_tax from product_prices where product_id = any($1) order by currency',
      [ids],
    ),
    filesOf(db, 'product_files', 'order by l.position', ids, liveOnly),
    filesOf(db, 'product_main_images', '', ids, liveOnly),
    db.query<{ product_id: string; available: string }>(
      // Until the owner of inventories has the first stock, the product shows what was asked for.
      `select product_id, available from stock where product_id = any($1)
       union all
       select product_id, quantity from first_stocks f
       where product_id = any($1) and not exists (select from stock s where s.product_id = f.product_id)`,
      [ids],
    ),
    loadFamilies(db, ids, liveOnly),
    ...kinds.map((kind) => linksTo(db, kind, ids, liveOnly)),
  ]);
  const [categories, brands, collections] = links;
  return {
    prices: new Map(
      [...Map.groupBy(prices.rows, (row) => row.product_id)].map(([id, rows]) => [
        id,
        rows.map((row) => ({ amount: Number(row.amount), currency: row.currency, includes_tax: row.includes_tax })),
      ]),
    ),
    links: {
      categories: categories ?? new Map(),
      brands: brands ?? new Map(),
      collections: collections ?? new Map(),
      files: grouped(files.rows),
    },
    mainImages: new Map(images.rows.map((row) => [row.product_id, row.target])),
    families,
    available: new Map(stock.rows.map((row) => [row.product_id, Number(row.available)])),
  };
}

/** Links to files that exist; clients that see live entities only get public files. */
function filesOf(db: Queryable, table: string, order: string, ids: readonly string[], liveOnly: boolean) {
  return db.query<Link>(
    `select l.product_id, l.file_id as target from ${table} l join files f on f.id = l.file_id
     where l.product_id = any($1) and ($2 is false or f.public) ${order}`,
    [ids, liveOnly],
  );
}

async function linksTo(db: Queryable, kind: Kind, ids: readonly string[], liveOnly: boolean) {
  const { rows } = await db.query<Link>(
    `select l.product_id, l.${kind.linkColumn} as target from ${kind.linkTable} l
     join ${kind.plural} t on t.id = l.${kind.linkColumn}
     where l.product_id = any($1) and ($2 is false or t.status = 'live') order by l.position`,
    [ids, liveOnly],
  );
  return grouped(rows);
}

function grouped(rows: readonly Link[]): Map<string, string[]> {
  const byProduct = Map.groupBy(rows, (row) => row.product_id);
  return new Map([...byProduct].map(([id, links]) => [id, links.map((link) => link.target)]));
}
