import type { FastifyInstance } from 'fastify';
import type { Shop } from '../shop.ts';
import { modifierRoutes } from './modifier-routes.ts';
import { optionRoutes } from './option-routes.ts';
import { variationRoutes } from './variation-routes.ts';

/** Variations, their options, and the modifiers of options. */
export function variationsRoutes(app: FastifyInstance, shop: Shop): void {
  variationRoutes(app, shop);
  optionRoutes(app, shop);
  modifierRoutes(app, shop);
}
