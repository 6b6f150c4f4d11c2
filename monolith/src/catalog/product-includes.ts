import { Bindings } from '../api/sql.ts';
import { withFields } from '../flows/entity-fields.ts';
import { owners } from '../flows/owners.ts';
import type { Shop } from '../shop.ts';
import { groupView, loadGroupLinks, selectGroups } from './groups.ts';
import { kinds } from './kinds.ts';
import type { ProductDetails } from './product-details.ts';

/** The entities that a page of products refers to and the client wants included, each once. */
export async function productIncludes(
  shop: Shop,
  include: ReadonlySet<string>,
  details: ProductDetails,
  liveOnly: boolean,
): Promise<Record<string, unknown[]>> {
  const included: Record<string, unknown[]> = {};
  for (const kind of kinds.filter(({ plural }) => include.has(plural))) {
    const ids = [...new Set([...details.links[kind.plural].values()].flat())];
    const bindings = new Bindings();
    const where = `g.id = any(${bindings.add(ids)})`;
    const rows = await selectGroups(shop.db, kind, { where, tail: 'order by g.seq', bindings });
    const links = await loadGroupLinks(shop.db, kind, rows, liveOnly);
    const views = rows.map((row) => groupView(kind, row, links));
    included[kind.plural] = await withFields(shop, shop.db, owners[kind.plural], views);
  }
  return included;
}
