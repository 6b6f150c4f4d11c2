import { type Authenticate, type FindSubject, readOnlyForShoppers } from '@banyan/kit/access';
import type { Server } from '@banyan/kit/http';
import { guardApi, type PageLength, type RequireCurrency } from '@banyan/kit/peers';
import { addEntryRoutes, type EntryHandlers } from './entry-routes.ts';
import { addFieldRoutes } from './field-routes.ts';
import { addFlowRoutes } from './flow-routes.ts';
import { addPeerRoutes, type PeerHandlers } from './peer-routes.ts';

export interface Handlers extends PeerHandlers, Omit<EntryHandlers, 'pageLength'> {
  pageLength: PageLength;
  requireCurrency: RequireCurrency;
  authenticate: Authenticate;
  /** Who a customer token belongs to. Flows are the same for all, but a wrong token is refused on any path. */
  findCustomer: FindSubject;
}

/** HTTP to domain, and back. */
export function addRoutes(server: Server, handlers: Handlers): void {
  guardApi(server, {
    ...handlers,
    rule: readOnlyForShoppers,
    requireCurrency: ({ headers }) => handlers.requireCurrency(headers),
  });
  addFlowRoutes(server, handlers);
  addFieldRoutes(server, handlers);
  addEntryRoutes(server, { ...handlers, pageLength: ({ headers }) => handlers.pageLength(headers) });
  addPeerRoutes(server, handlers);
}
