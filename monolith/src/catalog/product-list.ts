import type { FastifyRequest } from 'fastify';
import { allOf, Bindings } from '../api/sql.ts';
import { displayCurrency } from '../currencies/display.ts';
import { withFields } from '../flows/entity-fields.ts';
import { includedByFields, joined } from '../flows/includes.ts';
import { owners } from '../flows/owners.ts';
import {
  booleanField,
  type FilterFields,
  filterConditions,
  integerField,
  textField,
  uuidField,
} from '../lists/filter-fields.ts';
import { listReply, readListQuery } from '../lists/query.ts';
import { byText, orderBy } from '../lists/sort.ts';
import type { Shop } from '../shop.ts';
import { kinds } from './kinds.ts';
import { loadDetails } from './product-details.ts';
import { productIncludes } from './product-includes.ts';
import { countProducts, selectProducts } from './product-rows.ts';
import { languageOf, translated } from './product-translations.ts';
import { productView } from './product-view.ts';

const commonFilters: FilterFields = {
  id: uuidField('p.id = any($::uuid[])'),
  name: textField('p.name'),
  slug: textField('p.slug'),
  sku: textField('p.sku'),
  description: textField('p.description', ['eq', 'like']),
  status: textField('p.status'),
  commodity_type: textField('p.commodity_type', ['eq', 'in']),
  manage_stock: booleanField('p.manage_stock'),
  stock: integerField('(select s.available from stock s where s.product_id = p.id)'),
};
const adminFilters: FilterFields = { ...commonFilters, ...groupFilters('true') };
// Clients that do not see drafts do not see the members of a draft category.
const shopperFilters: FilterFields = { ...commonFilters, ...groupFilters("g.status = 'live'") };

function groupFilters(visible: string): FilterFields {
  const filters = kinds.map(({ type, plural, linkTable, linkColumn }): [string, FilterFields[string]] => [
    `${type}.id`,
    uuidField(
      `exists (select from ${linkTable} l join ${plural} g on g.id = l.${linkColumn}
        where l.product_id = p.id and g.id = any($::uuid[]) and ${visible})`,
    ),
  ]);
  return Object.fromEntries(filters);
}

const sorts = {
  commodity_type: 'p.commodity_type',
  created_at: 'p.created_at',
  description: byText('p.description'),
  manage_stock: 'p.manage_stock',
  name: byText('p.name'),
  sku: byText('p.sku'),
  slug: byText('p.slug'),
  status: 'p.status',
  updated_at: 'p.updated_at',
};

/** `GET /v2/products`. */
export async function listProducts(shop: Shop, request: FastifyRequest) {
  const liveOnly = request.access.kind === 'implicit';
  const query = await readListQuery(shop, request);
  const bindings = new Bindings();
  const where = allOf([
    // A setting hides the children from lists; it is read here to save a query. Products that the filter names by their
    // ids are asked for, children or not.
    ...(query.filter.some(({ field }) => field === 'id')
      ? []
      : ['p.parent_id is null or (select list_child_products from settings)']),
    ...(liveOnly ? ["p.status = 'live'"] : []),
    ...filterConditions(query.filter, liveOnly ? shopperFilters : adminFilters, bindings),
  ]);
  const order = orderBy(query.sort, sorts, 'p.created_at, p.id');
  const total = await countProducts(shop.db, where, bindings);
  const tail = `${order} limit ${bindings.add(query.page.limit)} offset ${bindings.add(query.page.offset)}`;
  const found = await selectProducts(shop.db, shop.debts, { where, tail, bindings });
  const rows = await translated(shop.db, found, languageOf(request));
  const ids = rows.map((row) => row.id);
  const details = await loadDetails(shop.db, ids, liveOnly);
  const currency = await displayCurrency(shop, request);
  const views = rows.map((row) => productView(row, details, currency));
  const data = await withFields(shop, shop.db, owners.products, views);
  const included = joined(
    await productIncludes(shop, query.include, details, liveOnly),
    await includedByFields(shop, request, owners.products, ids, query.include),
  );
  return listReply(shop, request, query.page, total, data, included);
}
