import type { FastifyInstance } from 'fastify';
import type { Shop } from '../shop.ts';
import { cartResourceRoutes } from './cart-routes.ts';
import { cartItemRoutes } from './item-routes.ts';
import { cartTaxRoutes } from './tax-routes.ts';

export function cartRoutes(app: FastifyInstance, shop: Shop): void {
  cartResourceRoutes(app, shop);
  cartItemRoutes(app, shop);
  cartTaxRoutes(app, shop);
}
