import type { FastifyRequest } from 'fastify';
import { notFound } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import { Bindings } from '../api/sql.ts';
import { displayCurrency } from '../currencies/display.ts';
import { withFields } from '../flows/entity-fields.ts';
import { includedByFields, joined } from '../flows/includes.ts';
import { owners } from '../flows/owners.ts';
import { includedMember, includeOf, queryOf } from '../lists/query.ts';
import type { Shop } from '../shop.ts';
import { variationMatrix } from '../variations/product-families.ts';
import { loadDetails } from './product-details.ts';
import { productIncludes } from './product-includes.ts';
import { selectProducts } from './product-rows.ts';
import { languageOf, translated } from './product-translations.ts';
import { productView } from './product-view.ts';

/**
 * One product with the includes that the client wants.
 * @throws ShopError `not_found` when the product does not exist, or is a draft that the client may not see
 */
export async function getProduct(shop: Shop, request: FastifyRequest, id: string) {
  const liveOnly = request.access.kind === 'implicit';
  const [found] = await productsById(shop, request, [id], liveOnly);
  if (found === undefined) throw productMissing();
  const include = includeOf(queryOf(request));
  const included = joined(
    await productIncludes(shop, include, found.details, liveOnly),
    await includedByFields(shop, request, owners.products, [found.view.id], include),
  );
  const { view } = found;
  const variation_matrix = await variationMatrix(shop.db, view.id, liveOnly);
  return { data: { ...view, meta: { ...view.meta, variation_matrix } }, ...includedMember(included) };
}

/** The products with these ids that exist and are visible, in the default order. */
export async function productsById(shop: Shop, request: FastifyRequest, ids: readonly string[], liveOnly: boolean) {
  const known = ids.filter(isUuid);
  if (known.length === 0) return [];
  const bindings = new Bindings();
  const where = `p.id = any(${bindings.add(known)})${liveOnly ? " and p.status = 'live'" : ''}`;
  const found = await selectProducts(shop.db, shop.debts, { where, tail: 'order by p.created_at, p.id', bindings });
  const rows = await translated(shop.db, found, languageOf(request));
  const details = await loadDetails(shop.db, known, liveOnly);
  const currency = await displayCurrency(shop, request);
  const views = rows.map((row) => productView(row, details, currency));
  return (await withFields(shop, shop.db, owners.products, views)).map((view) => ({ view, details }));
}

export function productMissing() {
  return notFound('The requested product could not be found', 'Product not found');
}
