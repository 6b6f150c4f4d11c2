import { fastify, type FastifyInstance } from 'fastify';
import { accessHooks } from './access/hooks.ts';
import { cors } from './access/cors.ts';
import { currencyHook } from './currencies/request-currency.ts';
import { currencyRoutes } from './currencies/routes.ts';
import { customerRoutes } from './customers/routes.ts';
import { errorHandlers } from './error-handlers.ts';
import { healthRoutes } from './health/routes.ts';
import type { Readiness } from './health/readiness.ts';
import { jsonBodies } from './json-bodies.ts';
import { oauthRoutes } from './oauth/routes.ts';
import { settingsRoutes } from './settings/routes.ts';
import type { Shop } from './shop.ts';

/** The largest body of a request, in bytes. */
export const BODY_LIMIT = 1024 * 1024;

/** Puts the shop together; this is the list of what it does. */
export function buildApp(shop: Shop, readiness: Readiness): FastifyInstance {
  const app = fastify({
    loggerInstance: shop.log,
    disableRequestLogging: true,
    bodyLimit: BODY_LIMIT,
    // Ids of carts are the client's own, up to 128 characters, of which each may be percent-encoded.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 400 },
    forceCloseConnections: 'idle',
  });

  errorHandlers(app);
  jsonBodies(app);
  cors(app);

  healthRoutes(app, readiness);
  oauthRoutes(app, shop);

  accessHooks(app, shop, readiness);
  currencyHook(app, shop);

  settingsRoutes(app, shop);
  currencyRoutes(app, shop);
  customerRoutes(app, shop);

  return app;
}
