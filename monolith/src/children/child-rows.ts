import type { Queryable } from '../db.ts';
import type { Template, TemplatePrice } from './apply-modifiers.ts';
import { combinationOf } from './plan-children.ts';

/** The value of an attribute; `value` is JSON text, as the store writes it. */
export interface AttributeValue {
  attribute_id: number;
  value: string;
}

/** A product as a build reads it. */
export interface BuiltRow extends Template {
  id: string;
  manage_stock: boolean;
  parent_id: string | null;
  attributes: readonly AttributeValue[];
  /** In the order of the last build; empty for a base. */
  options: readonly string[];
}

/** Reads products for a build. `where` is a condition over `p` and `$1`. */
async function readBuilt(db: Queryable, where: string, id: string): Promise<BuiltRow[]> {
  const { rows } = await db.query<BuiltRow>(
    `select p.id, p.parent_id, p.name, p.slug, p.sku, p.description, p.commodity_type, p.status, p.manage_stock,
       coalesce((select jsonb_agg(jsonb_build_object('amount', c.amount, 'currency', c.currency, 'includes_tax', c.includes_tax)
                 order by c.currency) from product_prices c where c.product_id = p.id), '[]') as prices,
       coalesce((select jsonb_agg(jsonb_build_object('attribute_id', a.attribute_id, 'value', a.value::text)
                 order by a.attribute_id) from product_attribute_values a where a.product_id = p.id), '[]') as attributes,
       coalesce((select array_agg(o.option_id::text order by o.position) from child_options o where o.child_id = p.id),
         '{}') as options
     from products p where ${where}`,
    [id],
  );
  return rows;
}

/** Locks a product for a build: builds of one product run one after the other. Undefined if there is none. */
export async function lockBase(db: Queryable, id: string): Promise<BuiltRow | undefined> {
  await db.query('select id from products where id = $1 for no key update', [id]);
  return (await readBuilt(db, 'p.id = $1', id))[0];
}

/** The children of a product as they are now, by combination of options. */
export async function readChildren(db: Queryable, baseId: string): Promise<Map<string, BuiltRow>> {
  const rows = await readBuilt(db, 'p.parent_id = $1', baseId);
  return new Map(rows.map((row) => [combinationOf(row.options), row]));
}

/** What a build compares: equal text, equal product. */
export function contentOf(row: Omit<BuiltRow, 'id' | 'parent_id'>): string {
  const prices = row.prices.map(({ amount, currency, includes_tax }: TemplatePrice) => [
    currency,
    amount,
    includes_tax,
  ]);
  return JSON.stringify([
    ...[row.name, row.slug, row.sku, row.description, row.commodity_type, row.status, row.manage_stock],
    ...[prices, row.attributes.map(({ attribute_id, value }) => [attribute_id, value]), row.options],
  ]);
}
