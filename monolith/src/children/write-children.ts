import type { Queryable } from '../db.ts';
import { noteFirstStocks } from '../stock/noted-first-stocks.ts';
import type { AttributeValue } from './child-rows.ts';
import type { ChildPlan } from './plan-children.ts';

/** A child to write. */
export interface Child extends ChildPlan {
  id: string;
  isNew: boolean;
  /** Among all children of its base, from 0. */
  position: number;
  manage_stock: boolean;
  attributes: readonly AttributeValue[];
}

/** Links that a new child takes over from its base. Later builds leave the links of a child alone. */
const inheritedLinks = [
  { table: 'product_categories', columns: 'category_id, position' },
  { table: 'product_brands', columns: 'brand_id, position' },
  { table: 'product_collections', columns: 'collection_id, position' },
  { table: 'product_files', columns: 'file_id, position' },
  { table: 'product_main_images', columns: 'file_id' },
];

/**
 * Writes children, new ones and changed ones; the number of statements does not depend on their number. Runs in a
 * transaction. New children are a microsecond apart, so that lists show them in the order of the build.
 */
export async function writeChildren(
  db: Queryable,
  baseId: string,
  children: readonly Child[],
  now: Date,
): Promise<void> {
  if (children.length === 0) return;
  const ids = children.map(({ id }) => id);
  await db.query(
    `insert into products as p (id, parent_id, name, slug, sku, description, manage_stock, commodity_type, status, created_at, updated_at)
     select c.id, $2, c.name, c.slug, c.sku, c.description, c.manage_stock, c.commodity_type, c.status,
       $3::timestamptz + c.position * interval '1 microsecond', $3
     from jsonb_to_recordset($1) as c (id uuid, position int, name text, slug text, sku text, description text,
       manage_stock boolean, commodity_type text, status text)
     order by c.position
     on conflict (id) do update set name = excluded.name, slug = excluded.slug, sku = excluded.sku,
       description = excluded.description, manage_stock = excluded.manage_stock,
       commodity_type = excluded.commodity_type, status = excluded.status, updated_at = excluded.updated_at`,
    [JSON.stringify(children), baseId, now],
  );
  for (const table of ['product_prices', 'product_attribute_values']) {
    await db.query(`delete from ${table} where product_id = any($1)`, [ids]);
  }
  await db.query('delete from child_options where child_id = any($1)', [ids]);
  await db.query(
    `insert into product_prices (product_id, currency, amount, includes_tax)
     select c.id, x.currency, x.amount, x.includes_tax from jsonb_to_recordset($1) as c (id uuid, prices jsonb),
       jsonb_to_recordset(c.prices) as x (currency text, amount bigint, includes_tax boolean)`,
    [JSON.stringify(children)],
  );
  await db.query(
    `insert into product_attribute_values (product_id, attribute_id, value)
     select c.id, x.attribute_id, x.value::jsonb from jsonb_to_recordset($1) as c (id uuid, attributes jsonb),
       jsonb_to_recordset(c.attributes) as x (attribute_id int, value text)`,
    [JSON.stringify(children)],
  );
  const rows = children.flatMap(({ id, options }) => options.map((option, position) => ({ id, position, ...option })));
  await db.query(
    `insert into child_options (child_id, position, variation_id, option_id)
     select * from unnest($1::uuid[], $2::int[], $3::uuid[], $4::uuid[])`,
    [
      rows.map((row) => row.id),
      rows.map((row) => row.position),
      rows.map((row) => row.variationId),
      rows.map((row) => row.optionId),
    ],
  );
  await equipNew(
    db,
    baseId,
    children.filter(({ isNew }) => isNew).map(({ id }) => id),
    now,
  );
}

/** New children start with no stock, which `askFirstStocks` tells its owner, and with the links of their base. */
async function equipNew(db: Queryable, baseId: string, ids: readonly string[], now: Date): Promise<void> {
  if (ids.length === 0) return;
  await noteFirstStocks(
    db,
    ids.map((id) => ({ product_id: id, quantity: 0 })),
    now,
  );
  for (const { table, columns } of inheritedLinks) {
    await db.query(
      `insert into ${table} (product_id, ${columns}) select child, ${columns}
       from unnest($1::uuid[]) as child, ${table} where product_id = $2`,
      [ids, baseId],
    );
  }
}
