import type { FastifyInstance } from 'fastify';
import type { CustomerTokens } from '../customers/tokens.ts';
import { ShopError } from '../errors.ts';
import type { Readiness } from '../health/readiness.ts';
import type { IssuerKeys } from '../oauth/issuer-keys.ts';
import type { Shop } from '../shop.ts';
import { authenticate } from './authenticate.ts';
import { mayDo } from './rules.ts';
import './access.ts';

interface Guards {
  readiness: Readiness;
  issuerKeys: IssuerKeys | undefined;
  customerTokens: CustomerTokens;
}

/** Runs before every handler under /v2: authenticates the client and the customer, and checks their permissions. */
export function accessHooks(app: FastifyInstance, shop: Shop, guards: Guards): void {
  app.decorateRequest('access');
  app.addHook('onRequest', async (request) => {
    const path = request.routeOptions.url ?? '';
    const inside = path.startsWith('/v2/');
    if ((inside || path.startsWith('/oauth/')) && !guards.readiness.isPrepared) {
      throw new ShopError('store_unavailable', { detail: 'The store has not responded yet; try again' });
    }
    if (!inside || request.method === 'OPTIONS') return;

    const access = await authenticate(shop, guards.issuerKeys, request.headers.authorization);
    const customerToken = request.headers['x-moltin-customer-token'];
    if (typeof customerToken === 'string' && customerToken !== '') {
      access.customerId = await guards.customerTokens.verify(customerToken);
    }
    const { customerId: pathCustomerId } = request.params as { customerId?: string };
    if (!mayDo({ method: request.method, path, pathCustomerId }, access)) {
      throw new ShopError('forbidden', { detail: 'The access token does not permit this' });
    }
    request.access = access;
  });
}
