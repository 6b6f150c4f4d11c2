import { addFieldLinkRoutes } from '@banyan/kit/fields';
import type { Server } from '@banyan/kit/http';
import { cartEntities, linesOfCarts } from './entities.ts';
import { notFound } from './errors.ts';
import type { Handlers } from './handlers.ts';

/** The links of relationship fields that an operator added to carts and to their lines. */
export function addLinkRoutes(server: Server, handlers: Handlers): void {
  const { cartFields, lineFields, now } = handlers;
  addFieldLinkRoutes(server, '/v2/carts/:ref', 200, {
    idOf: ({ ref = '' }) => ref,
    entities: cartEntities(handlers),
    ...{ fields: cartFields, now, missing: () => notFound('The requested cart could not be found') },
  });
  addFieldLinkRoutes(server, '/v2/carts/:ref/items/:item', 200, {
    idOf: ({ ref = '', item = '' }) => `${ref}\0${item.toLowerCase()}`,
    entities: linesOfCarts(handlers),
    ...{ fields: lineFields, now, missing: () => notFound('The requested cart item could not be found') },
  });
}
