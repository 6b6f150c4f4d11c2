import type { IncomingHttpHeaders } from 'node:http';
import { addEntryRoutes } from '@banyan/kit/fields';
import type { Server } from '@banyan/kit/http';
import { flows } from './contract.ts';
import { cartEntities, lineEntities } from './entities.ts';
import type { Handlers } from './handlers.ts';

/** Carts and lines as entries of their flows. They are of all customers, so they need a token that administers the store. */
export function addCartEntryRoutes(server: Server, handlers: Handlers): void {
  const { settings, cartFields, lineFields, includes, publicUrl, now } = handlers;
  const shared = {
    ...{ administratorsOnly: true as const, includes, publicUrl, now },
    pageLength: async ({ headers }: { headers: IncomingHttpHeaders }) => (await settings(headers)).pageLength,
  };
  addEntryRoutes(server, { ...shared, slug: flows.carts, entities: cartEntities(handlers), fields: cartFields });
  addEntryRoutes(server, { ...shared, slug: flows.lines, entities: lineEntities(handlers), fields: lineFields });
}
