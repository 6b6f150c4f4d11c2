import type { FastifyInstance } from 'fastify';
import { badRequest } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import { grouped, linksToProducts } from '../catalog/groups.ts';
import { kinds } from '../catalog/kinds.ts';
import { queryOf } from '../lists/query.ts';
import { type CustomerTokenReader, checkIntrospector } from '../oauth/introspect.ts';
import { loadSettings } from '../settings/store.ts';
import type { Shop } from '../shop.ts';
import { customerPeerRoutes } from './customer-routes.ts';
import { fieldsForServices } from './fields-routes.ts';
import { goodsRoutes } from './goods-routes.ts';
import { orderRoutes } from './order-routes.ts';
import { promotionRoutes } from './promotion-routes.ts';

/** The most groups that one request may name: as many as a page holds. */
const maxIds = 100;

/**
 * `/internal/…`: what services ask that have taken over a resource, with the credentials of introspection. No client of
 * the API can read these paths.
 */
export function internalRoutes(app: FastifyInstance, shop: Shop, customers: CustomerTokenReader): void {
  // What replies to clients depend on that may not read the settings: the length of a page, and how carts are priced.
  app.get('/internal/settings', async (request) => {
    checkIntrospector(shop, request.headers.authorization);
    const { pageLength, calculationMethod } = await loadSettings(shop.db);
    return { data: { page_length: pageLength, calculation_method: calculationMethod } };
  });

  goodsRoutes(app, shop);
  customerPeerRoutes(app, shop, customers);
  orderRoutes(app, shop);
  promotionRoutes(app, shop);
  fieldsForServices(app, shop);

  // The products of groups, whether or not the groups are kept here: `ids` of groups, `live=true` for live products, and
  // `order=true` for the order of all products of all groups together.
  for (const kind of kinds) {
    app.get(`/internal/links/${kind.plural}`, async (request) => {
      checkIntrospector(shop, request.headers.authorization);
      const { ids = '', live, order } = queryOf(request);
      const groupIds = ids.split(',');
      if (groupIds.length > maxIds || !groupIds.every(isUuid)) throw badRequest(`ids is 1 to ${maxIds} ids`, 'ids');
      const links = await linksToProducts(shop.db, kind, groupIds, live === 'true');
      return {
        data: [...grouped(links)].map(([id, products]) => ({ id, products })),
        ...(order === 'true' && { meta: { order: [...new Set(links.map(({ target }) => target))] } }),
      };
    });
  }
}
