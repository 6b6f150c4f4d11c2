import type { Bindings } from '../api/sql.ts';
import type { Queryable } from '../db.ts';
import type { Debts } from '../debts.ts';

export interface ProductRow {
  id: string;
  /** The base that this product was built from; null for all other products. */
  parent_id: string | null;
  name: string;
  slug: string;
  sku: string;
  description: string;
  manage_stock: boolean;
  commodity_type: 'physical' | 'digital';
  status: 'live' | 'draft';
  created_at: Date;
  updated_at: Date;
  /** Values of the attributes that are set, by slug. */
  attributes: Record<string, unknown>;
}

interface Attribute {
  id: number;
  slug: string;
}

export interface Selection {
  /** A condition over `p`. */
  where: string;
  /** `order by …` and, for a list, `limit … offset …`. */
  tail: string;
  bindings: Bindings;
}

/** Reads products with their attributes. */
export async function selectProducts(db: Queryable, debts: Debts, selection: Selection): Promise<ProductRow[]> {
  return debts.owed('eav-joins') ? selectByJoins(db, selection) : selectThenAttributes(db, selection);
}

export async function countProducts(db: Queryable, where: string, bindings: Bindings): Promise<number> {
  const { rows } = await db.query<{ total: string }>(
    `select count(*) as total from products p where ${where}`,
    bindings.values,
  );
  return Number(rows[0]?.total ?? 0);
}

// Debt 20: one join for each existing attribute, whether a product uses the attribute or not.
async function selectByJoins(db: Queryable, { where, tail, bindings }: Selection): Promise<ProductRow[]> {
  const attributes = await db.query<Attribute>('select id, slug from product_attributes order by id');
  const columns = attributes.rows.map(({ id }) => `a${id}.value as a${id}`);
  const joins = attributes.rows.map(
    ({ id }) => `left join product_attribute_values a${id} on a${id}.product_id = p.id and a${id}.attribute_id = ${id}`,
  );
  const { rows } = await db.query<ProductRow & Record<string, unknown>>(
    `select ${['p.*', ...columns].join(', ')} from products p ${joins.join(' ')} where ${where} ${tail}`,
    bindings.values,
  );
  return rows.map((row) => {
    const set = attributes.rows.filter(({ id }) => row[`a${id}`] !== null);
    return { ...row, attributes: Object.fromEntries(set.map(({ id, slug }) => [slug, row[`a${id}`]])) };
  });
}

async function selectThenAttributes(db: Queryable, { where, tail, bindings }: Selection): Promise<ProductRow[]> {
  const { rows } = await db.query<ProductRow>(`select p.* from products p where ${where} ${tail}`, bindings.values);
  const values = await db.query<{ product_id: string; slug: string; value: unknown }>(
    `select v.product_id, a.slug, v.value from product_attribute_values v join product_attributes a on a.id = v.attribute_id
     where v.product_id = any($1) order by a.id`,
    [rows.map((row) => row.id)],
  );
  const byProduct = Map.groupBy(values.rows, (value) => value.product_id);
  return rows.map((row) => ({
    ...row,
    attributes: Object.fromEntries((byProduct.get(row.id) ?? []).map(({ slug, value }) => [slug, value])),
  }));
}
