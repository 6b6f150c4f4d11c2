import type { FastifyInstance } from 'fastify';
import type { Shop } from '../shop.ts';
import { flowAttributeRoutes } from './attributes.ts';
import { entryRoutes } from './entry-routes.ts';
import { fieldRoutes } from './field-routes.ts';
import { flowResourceRoutes } from './flow-routes.ts';
import { coreRelationshipRoutes } from './relationships.ts';

/** Flows, the fields that they add to entities, and the entries of flows that merchants define. */
export function flowRoutes(app: FastifyInstance, shop: Shop): void {
  flowResourceRoutes(app, shop);
  fieldRoutes(app, shop);
  entryRoutes(app, shop);
  flowAttributeRoutes(app, shop);
  coreRelationshipRoutes(app, shop);
}
