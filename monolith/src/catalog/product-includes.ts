import { Bindings } from '../api/sql.ts';
import { fileView } from '../files/file-view.ts';
import { findFiles } from '../files/find-files.ts';
import { withFields } from '../flows/entity-fields.ts';
import { owners } from '../flows/owners.ts';
import type { Shop } from '../shop.ts';
import { findVariations } from '../variations/find-variation.ts';
import { variationView } from '../variations/variation-view.ts';
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
    const rows = await selectGroups(shop.db, kind, { where, tail: 'order by g.created_at, g.id', bindings });
    const links = await loadGroupLinks(shop.db, kind, rows, liveOnly);
    const views = rows.map((row) => groupView(kind, row, links));
    included[kind.plural] = await withFields(shop, shop.db, owners[kind.plural], views);
  }
  const files = async (ids: Iterable<string>) => {
    const rows = await findFiles(shop, [...ids], liveOnly);
    return rows.map((row) => fileView(row, shop.config.publicUrl));
  };
  if (include.has('files')) included.files = await files([...details.links.files.values()].flat());
  if (include.has('main_image') || include.has('main_images')) {
    included.main_images = await files(details.mainImages.values());
  }
  if (include.has('variations')) {
    const ids = [...details.families.variations.values()].flat().map(({ id }) => id);
    included.variations = (await findVariations(shop.db, shop.debts, ids)).map(variationView);
  }
  return included;
}
