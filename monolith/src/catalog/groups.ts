import type { Bindings } from '../api/sql.ts';
import type { Queryable } from '../db.ts';
import type { Kind } from './kinds.ts';

/** A category, brand or collection. */
export interface GroupRow {
  id: string;
  parent_id: string | null;
  name: string;
  slug: string;
  description: string;
  status: 'live' | 'draft';
  created_at: Date;
  updated_at: Date;
}

export interface GroupLinks {
  products: Map<string, string[]>;
  children: Map<string, string[]>;
  /** The visible parents. */
  parents: Set<string>;
}

/** Reads groups. `where` is a condition over `g`; `tail` holds order and limit. */
export async function selectGroups(
  db: Queryable,
  kind: Kind,
  selection: { where: string; tail: string; bindings: Bindings },
): Promise<GroupRow[]> {
  const { rows } = await db.query<GroupRow>(
    `select g.id, g.parent_id, g.name, g.slug, g.description, g.status, g.created_at, g.updated_at
     from ${kind.plural} g where ${selection.where} ${selection.tail}`,
    selection.bindings.values,
  );
  return rows;
}

export async function countGroups(db: Queryable, kind: Kind, where: string, bindings: Bindings): Promise<number> {
  const { rows } = await db.query<{ total: string }>(
    `select count(*) as total from ${kind.plural} g where ${where}`,
    bindings.values,
  );
  return Number(rows[0]?.total ?? 0);
}

/** Loads the related groups. Clients that see live entities only do not get drafts. */
export async function loadGroupLinks(
  db: Queryable,
  kind: Kind,
  groups: readonly GroupRow[],
  liveOnly: boolean,
): Promise<GroupLinks> {
  const ids = groups.map((group) => group.id);
  const parentIds = groups.flatMap((group) => (group.parent_id === null ? [] : [group.parent_id]));
  const [products, children, parents] = await Promise.all([
    linksToProducts(db, kind, ids, liveOnly),
    db.query<{ owner: string; target: string }>(
      `select parent_id as owner, id as target from ${kind.plural}
       where parent_id = any($1) and ($2 is false or status = 'live') order by created_at, id`,
      [ids, liveOnly],
    ),
    db.query<{ id: string }>(`select id from ${kind.plural} where id = any($1) and ($2 is false or status = 'live')`, [
      parentIds,
      liveOnly,
    ]),
  ]);
  return {
    products: grouped(products),
    children: grouped(children.rows),
    parents: new Set(parents.rows.map((row) => row.id)),
  };
}

/** A link from a group to a product. */
interface Link {
  owner: string;
  target: string;
}

/** The links of groups to their products, in the default order of products. */
export async function linksToProducts(
  db: Queryable,
  kind: Kind,
  groupIds: readonly string[],
  liveOnly: boolean,
): Promise<Link[]> {
  const { rows } = await db.query<Link>(
    `select l.${kind.linkColumn} as owner, l.product_id as target from ${kind.linkTable} l
     join products p on p.id = l.product_id
     where l.${kind.linkColumn} = any($1) and ($2 is false or p.status = 'live') order by p.created_at, p.id`,
    [groupIds, liveOnly],
  );
  return rows;
}

/** A group in the form of the API. */
export function groupView(kind: Kind, row: GroupRow, links: GroupLinks) {
  const products = links.products.get(row.id);
  const children = links.children.get(row.id);
  const parent = row.parent_id !== null && links.parents.has(row.parent_id) ? row.parent_id : undefined;
  return {
    id: row.id,
    type: kind.type,
    name: row.name,
    slug: row.slug,
    description: row.description,
    status: row.status,
    meta: { timestamps: { created_at: row.created_at.toISOString(), updated_at: row.updated_at.toISOString() } },
    relationships: {
      ...(products && { products: { data: products.map((id) => ({ type: 'product', id })) } }),
      ...(parent !== undefined && { parent: { data: { type: kind.type, id: parent } } }),
      ...(children && { children: { data: children.map((id) => ({ type: kind.type, id })) } }),
    },
  };
}

/** Ids of targets by the id of their owner. Owners without targets are absent. */
export function grouped(rows: readonly Link[]): Map<string, string[]> {
  const byOwner = Map.groupBy(rows, (row) => row.owner);
  return new Map([...byOwner].map(([owner, links]) => [owner, links.map((link) => link.target)]));
}
