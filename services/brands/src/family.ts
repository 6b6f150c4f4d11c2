import { type Queryable, statement } from '@banyan/kit/mariadb';
import type { Brand } from './domain.ts';
import { brandOf, type Row } from './rows.ts';

/** Brands with the ids of those around them, whether live or not. */
export interface Family {
  brands: Brand[];
  /** In the default order of brands. Absent without children. */
  children: Map<string, string[]>;
  /** The parents that exist. */
  parents: Set<string>;
}

const idsOf = "json_table(?, '$[*]' columns (id char(36) character set ascii collate ascii_bin path '$')) as wanted";
const columns = 'brands.id, parent_id, name, slug, description, status, created_at_us, updated_at_us, field_values';

const byId = statement<Row, [string]>(
  'brands_family_brands',
  `select ${columns} from ${idsOf} straight_join brands on brands.id = wanted.id`,
);
const byParent = statement<{ id: string; parent_id: string }, [string]>(
  'brands_family_children',
  `select brands.id, parent_id from ${idsOf} straight_join brands on brands.parent_id = wanted.id
   order by created_at_us, brands.id`,
);

/** Reads brands inside a transaction. */
export async function readFamily(tx: Queryable, ids: readonly string[]): Promise<Family> {
  if (ids.length === 0) return { brands: [], children: new Map(), parents: new Set() };
  const wanted = JSON.stringify(ids);
  const brands = (await tx.query(byId, [wanted])).map(brandOf);
  const children = Map.groupBy(await tx.query(byParent, [wanted]), ({ parent_id }) => parent_id);
  const parentIds = brands.flatMap(({ parentId }) => (parentId === null ? [] : [parentId]));
  const parents = parentIds.length === 0 ? [] : await tx.query(byId, [JSON.stringify(parentIds)]);
  return {
    brands,
    children: new Map([...children].map(([parentId, rows]) => [parentId, rows.map(({ id }) => id)])),
    parents: new Set(parents.map(({ id }) => id)),
  };
}
