import type { FastifyInstance } from 'fastify';
import type { Shop } from '../shop.ts';
import { familyRoutes } from './family-routes.ts';
import { groupRoutes } from './group-routes.ts';
import { kinds } from './kinds.ts';
import { productRelationshipRoutes } from './product-relationships.ts';
import { productRoutes } from './product-routes.ts';

/** Products, and the categories, brands and collections that group them. */
export function catalogRoutes(app: FastifyInstance, shop: Shop): void {
  productRoutes(app, shop);
  productRelationshipRoutes(app, shop);
  for (const kind of kinds) {
    groupRoutes(app, shop, kind);
    familyRoutes(app, shop, kind);
  }
}
