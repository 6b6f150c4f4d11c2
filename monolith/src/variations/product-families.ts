import type { Queryable } from '../db.ts';

/** A variation as a product shows it. */
export interface ShownVariation {
  id: string;
  name: string;
  options: { id: string; name: string; description: string }[];
}

/** The variations of products, and how products descend from each other; by product id. */
export interface ProductFamilies {
  variations: Map<string, ShownVariation[]>;
  parents: Map<string, string>;
  children: Map<string, string[]>;
}

interface OptionOfProduct {
  product_id: string;
  variation_id: string;
  variation_name: string;
  option_id: string | null;
  option_name: string;
  description: string;
}

/** Loads the families of a page of products. Clients that see live entities only do not get drafts. */
export async function loadFamilies(db: Queryable, ids: readonly string[], liveOnly: boolean): Promise<ProductFamilies> {
  const [options, kin] = await Promise.all([
    db.query<OptionOfProduct>(
      `select l.product_id, v.id as variation_id, v.name as variation_name,
         o.id as option_id, o.name as option_name, o.description
       from product_variations l join variations v on v.id = l.variation_id
         left join variation_options o on o.variation_id = v.id
       where l.product_id = any($1) order by l.product_id, l.position, o.created_at, o.id`,
      [ids],
    ),
    db.query<{ parent: string; child: string; parent_shown: boolean; child_shown: boolean }>(
      `select p.id as parent, c.id as child, p.id = any($1) as parent_shown, c.id = any($1) as child_shown
       from products c join products p on p.id = c.parent_id
       where (c.id = any($1) and ($2 is false or p.status = 'live'))
          or (c.parent_id = any($1) and ($2 is false or c.status = 'live'))
       order by c.created_at, c.id`,
      [ids, liveOnly],
    ),
  ]);
  const upward = kin.rows.filter((row) => row.child_shown);
  const downward = Map.groupBy(
    kin.rows.filter((row) => row.parent_shown),
    (row) => row.parent,
  );
  return {
    variations: new Map([...Map.groupBy(options.rows, (row) => row.product_id)].map(([id, rows]) => [id, shown(rows)])),
    parents: new Map(upward.map(({ child, parent }) => [child, parent])),
    children: new Map([...downward].map(([id, rows]) => [id, rows.map(({ child }) => child)])),
  };
}

function shown(rows: readonly OptionOfProduct[]): ShownVariation[] {
  return [...Map.groupBy(rows, (row) => row.variation_id)].map(([id, options]) => ({
    id,
    name: options[0]?.variation_name ?? '',
    options: options.flatMap(({ option_id, option_name, description }) =>
      option_id === null ? [] : [{ id: option_id, name: option_name, description }],
    ),
  }));
}

/** Option id → … → id of the child, one level for each variation of the last build. */
export interface Matrix {
  [option: string]: Matrix | string;
}

/** Which child has which options; an empty list for a product without children. */
export async function variationMatrix(db: Queryable, productId: string, liveOnly: boolean): Promise<Matrix | []> {
  const { rows } = await db.query<{ child: string; options: string[] }>(
    `select c.id as child, array_agg(o.option_id::text order by o.position) as options
     from products c join child_options o on o.child_id = c.id
     where c.parent_id = $1 and ($2 is false or c.status = 'live') group by c.id order by c.created_at, c.id`,
    [productId, liveOnly],
  );
  if (rows.length === 0) return [];
  const matrix: Matrix = {};
  for (const { child, options } of rows) {
    let level = matrix;
    for (const option of options.slice(0, -1)) {
      const known = level[option];
      const next = typeof known === 'object' ? known : {};
      level[option] = next;
      level = next;
    }
    level[options.at(-1) ?? ''] = child;
  }
  return matrix;
}
