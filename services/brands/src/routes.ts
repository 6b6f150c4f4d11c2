import { randomUUID } from 'node:crypto';
import { type Authenticate, type FindSubject, readOnlyForShoppers, seesLiveOnly } from '@banyan/kit/access';
import {
  attributesReply,
  checker,
  type FilterFields,
  includedMember,
  includeOf,
  listReply,
  microsOf,
  objectOf,
  queryOf,
  readFilter,
  readPage,
  readSort,
  requireSameId,
} from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { causeOf } from '@banyan/kit/facts';
import {
  addEntryRoutes,
  addFieldLinkRoutes,
  attributesWithFields,
  checkValues,
  type EntityFields,
  type FieldIncludes,
  joinedIncludes,
  missingHeader,
  written,
} from '@banyan/kit/fields';
import type { Server } from '@banyan/kit/http';
import { guardApi, type PageLength, type RequireCurrency } from '@banyan/kit/peers';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BrandChange, flow, NewBrand, paths } from './contract.ts';
import { type Brand, brandIdOf, brandView, changedBy, madeOf, treeOf } from './domain.ts';
import { entitiesOf } from './entities.ts';
import { brandMissing } from './errors.ts';
import { addFamilyRoutes } from './family-routes.ts';
import { noLinks, type ProductLinks, type Products } from './products.ts';
import { type Store, sortFields } from './store.ts';

export interface Handlers {
  store: Store;
  /** Asked of their owner. */
  products: Products;
  pageLength: PageLength;
  requireCurrency: RequireCurrency;
  /** Fields that an operator added to brands. */
  fields: EntityFields;
  /** What links of such fields lead to. */
  includes: FieldIncludes;
  authenticate: Authenticate;
  /** Who a customer token belongs to. Brands are the same for all, but a wrong token is refused on any path. */
  findCustomer: FindSubject;
  /** The platform's address as clients see it. */
  publicUrl: string;
  now: Clock;
}

const filterFields: FilterFields = {
  id: { type: 'id' },
  name: { type: 'text' },
  slug: { type: 'text' },
  status: { type: 'text', ops: ['eq', 'in'] },
};

const newBrand = checker(NewBrand);
const brandChange = checker(BrandChange);

interface ById {
  Params: { id: string };
}

/** HTTP to domain, and back. */
export function addRoutes(server: Server, handlers: Handlers): void {
  const { store, products: owner, fields, includes, publicUrl, now } = handlers;
  const pageLength = ({ headers }: FastifyRequest) => handlers.pageLength(headers);
  guardApi(server, {
    ...handlers,
    rule: readOnlyForShoppers,
    requireCurrency: ({ headers }) => handlers.requireCurrency(headers),
  });

  server.get(paths.brands, { schema: { summary: 'List brands' } }, async (request, reply) => {
    const query = queryOf(request);
    const liveOnly = seesLiveOnly(request.caller);
    const page = await readPage(query, () => pageLength(request));
    const filter = readFilter(query.filter, filterFields);
    const sort = readSort(query.sort, sortFields);
    const { brands, total } = await store.list({ liveOnly, filter, sort, page });
    const links = linksOf(
      brands.map(({ id }) => id),
      request,
    );
    const { data, included } = await shown(brands, links, request, reply);
    return listReply({ request, publicUrl }, page, total, data, included);
  });

  server.get(paths.tree, { schema: { summary: 'The trees of brands' } }, async (request) => ({
    data: treeOf(await store.all(seesLiveOnly(request.caller))),
  }));

  server.get(paths.attributes, { schema: { summary: 'The members of a brand' } }, async (request, reply) => {
    const own = attributesReply('brands', NewBrand);
    return attributesWithFields(own, await fieldsFor(request, reply));
  });

  server.get<ById>(paths.brand, { schema: { summary: 'Read a brand' } }, (request, reply) =>
    showBrand(request.params.id, request, reply),
  );

  server.post(paths.brands, { schema: { summary: 'Make a brand' } }, async (request, reply) => {
    const data = objectOf(request.body);
    const brand = madeOf(newBrand(data), randomUUID(), microsOf(now()));
    const { fields: all } = await fields.known(request.headers);
    await store.transaction(causeOf(request.headers, now()), async (changes) => {
      await changes.insert(brand);
      const given = checkValues(all, data, true);
      if (given.size > 0) await changes.setValues(brand.id, written({}, given), given, all);
    });
    return reply.code(201).send(await showBrand(brand.id, request, reply));
  });

  server.put<ById>(paths.brand, { schema: { summary: 'Change a brand' } }, async (request, reply) => {
    const data = objectOf(request.body);
    const change = brandChange(data);
    requireSameId(request.params.id, change.id);
    const id = brandIdOf(request.params.id);
    const { fields: all } = await fields.known(request.headers);
    await store.transaction(causeOf(request.headers, now()), async (changes) => {
      const brand = await changes.find(id);
      if (brand === undefined) throw brandMissing();
      await changes.update(changedBy(brand, change, microsOf(now())));
      const given = checkValues(all, data, false);
      if (given.size > 0) await changes.setValues(id, written(brand.values, given), given, all);
    });
    return showBrand(id, request, reply);
  });

  server.delete<ById>(paths.brand, { schema: { summary: 'Delete a brand' } }, async (request, reply) => {
    const id = brandIdOf(request.params.id);
    await store.transaction(causeOf(request.headers, now()), async (changes) => {
      await changes.lockFamily();
      if ((await changes.find(id)) === undefined) throw brandMissing();
      await changes.setParent(await changes.childrenOf(id), null, null);
      await changes.delete(id);
    });
    return reply.code(204).send();
  });

  addFamilyRoutes(server, { store, now, showBrand });
  const entities = entitiesOf(store, now);
  addFieldLinkRoutes(server, paths.brand, 200, { entities, fields, now, missing: () => brandMissing('Not Found') });
  addEntryRoutes(server, { slug: flow, entities, fields, includes, publicUrl, pageLength, now });

  async function showBrand(id: string, request: FastifyRequest, reply: FastifyReply) {
    const brandId = brandIdOf(id);
    // Asked for beside the brand itself, whose id is known already.
    const links = linksOf([brandId], request);
    // If the brand is not there, the reply does not wait for them.
    links.catch(() => {});
    const brand = await store.find(brandId, seesLiveOnly(request.caller));
    if (brand === undefined) throw brandMissing();
    const { data, included } = await shown([brand], links, request, reply);
    return { data: data[0], ...includedMember(included) };
  }

  /** From the copy here, while it is in step; otherwise their owner is asked. `order` is empty unless products are included. */
  async function linksOf(ids: readonly string[], request: FastifyRequest): Promise<ProductLinks | null> {
    const ordered = includeOf(queryOf(request)).has('products');
    const liveOnly = seesLiveOnly(request.caller);
    const kept = await store.linksOf(ids, liveOnly);
    if (kept !== null) return ordered ? kept : { ...kept, order: [] };
    return owner.ofBrands(ids, { liveOnly, ordered }, request.headers);
  }

  /** Brands in the form of the API, with the products that the request wants included. */
  async function shown(
    brands: readonly Brand[],
    asked: Promise<ProductLinks | null>,
    request: FastifyRequest,
    reply: FastifyReply,
  ) {
    const liveOnly = seesLiveOnly(request.caller);
    const ids = brands.map(({ id }) => id);
    const parentIds = brands.flatMap(({ parentId }) => (parentId === null ? [] : [parentId]));
    const [links, children, parents, all] = await Promise.all([
      asked,
      store.childrenOf(ids, liveOnly),
      store.visible(parentIds, liveOnly),
      fields.shown(request.headers),
    ]);
    const { ofBrand: products, order } = links ?? noLinks;
    const wanted = includeOf(queryOf(request));
    const values = brands.map((brand) => brand.values);
    const [own, linked] = await Promise.all([
      order.length === 0 ? [] : owner.byIds(order, request.headers),
      includes.of(request, wanted, all?.fields ?? [], values),
    ]);
    const isWhole = links !== null && own !== null;
    const missing = [...(isWhole ? [] : ['products']), ...(all === null ? ['flows'] : []), ...linked.missing];
    if (missing.length > 0) reply.header(missingHeader, [...new Set(missing)].join(', '));
    const related = { products, children, parents, fields: all?.fields ?? [] };
    return {
      data: brands.map((brand) => brandView(brand, related)),
      included: joinedIncludes({ products: own ?? [] }, linked.included),
    };
  }
  async function fieldsFor(request: FastifyRequest, reply: FastifyReply) {
    const known = await fields.shown(request.headers);
    if (known === null) reply.header(missingHeader, 'flows');
    return known?.fields ?? [];
  }
}
