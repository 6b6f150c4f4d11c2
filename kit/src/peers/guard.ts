import type { FastifyRequest } from 'fastify';
import { guardRoutes } from '../access/guard.ts';
import type { Rule } from '../access/rules.ts';
import type { Server } from '../http/server.ts';
import { customerTokenHeader, type Platform } from './platform.ts';

export interface ApiGuard extends Pick<Platform, 'authenticate' | 'findCustomer'> {
  /** What the access token permits. */
  rule: Rule;
  /** Checks the currency that the request asks for. @throws ServiceError `currency_disabled` */
  requireCurrency: (request: FastifyRequest) => Promise<unknown>;
}

const prefix = '/v2/';

/**
 * What the API checks of every request below `/v2/`, before the body is read: its access token, its customer token and
 * its currency. A wrong one is refused on any path, also where it means nothing. Call before adding the routes.
 */
export function guardApi(server: Server, { authenticate, findCustomer, rule, requireCurrency }: ApiGuard): void {
  const second = { header: customerTokenHeader, find: findCustomer, refusal: 'The customer token is not valid' };
  guardRoutes(server, { prefix, authenticate, rule, second });
  server.addHook('onRequest', async (request) => {
    if (request.routeOptions.url?.startsWith(prefix)) await requireCurrency(request);
  });
}
