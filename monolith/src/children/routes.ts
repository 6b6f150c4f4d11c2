import type { FastifyInstance } from 'fastify';
import type { Shop } from '../shop.ts';
import { buildChildren } from './build.ts';
import { variationLinkRoutes } from './variation-links.ts';

/** Child products: the variations of a product, and the build that makes a child for each combination. */
export function childRoutes(app: FastifyInstance, shop: Shop): void {
  variationLinkRoutes(app, shop);
  app.post<{ Params: { id: string } }>('/v2/products/:id/build', (request) =>
    buildChildren(shop, request, request.params.id),
  );
}
