import { type FastifyInstance, fastify, LogController } from 'fastify';
import { cors } from './access/cors.ts';
import { accessHooks } from './access/hooks.ts';
import { cartRoutes } from './carts/routes.ts';
import { catalogRoutes } from './catalog/routes.ts';
import { checkoutRoutes } from './checkout/routes.ts';
import { childRoutes } from './children/routes.ts';
import { currencyHook } from './currencies/request-currency.ts';
import { currencyRoutes } from './currencies/routes.ts';
import { customerRoutes } from './customers/routes.ts';
import { CustomerTokens } from './customers/tokens.ts';
import { errorHandlers, replyToUnreadable, replyWithError } from './error-handlers.ts';
import { jobRoutes } from './exports/routes.ts';
import { fileRoutes } from './files/routes.ts';
import { includables } from './flows/includes.ts';
import { flowRoutes } from './flows/routes.ts';
import { gatewayRoutes } from './gateways/routes.ts';
import { draining } from './health/draining.ts';
import type { Readiness } from './health/readiness.ts';
import { healthRoutes } from './health/routes.ts';
import { integrationRoutes } from './integrations/routes.ts';
import { internalRoutes } from './internal/routes.ts';
import { inventoryRoutes } from './inventories/routes.ts';
import { jsonBodies } from './json-bodies.ts';
import { IssuerKeys } from './oauth/issuer-keys.ts';
import { oauthRoutes } from './oauth/routes.ts';
import { orderRoutes } from './orders/routes.ts';
import { paymentRoutes } from './payments/routes.ts';
import { promotionRoutes } from './promotions/routes.ts';
import { settingsRoutes } from './settings/routes.ts';
import type { Shop } from './shop.ts';
import { variationsRoutes } from './variations/routes.ts';

/** The largest body of a request, in bytes. */
export const bodyLimitBytes = 1024 * 1024;

/** Composes the shop; the calls below list its areas. */
export function buildApp(shop: Shop, readiness: Readiness): FastifyInstance {
  const app = fastify({
    loggerInstance: shop.log,
    // Bindings of a child logger would duplicate the attributes: each log line names its request.
    childLoggerFactory: (logger) => logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyLimitBytes,
    // Cart ids come from clients: up to 128 characters, each of which may be percent-encoded.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 400 },
    frameworkErrors: replyWithError,
    clientErrorHandler: replyToUnreadable,
    // Idle keep-alive connections must not delay a stop.
    forceCloseConnections: 'idle',
  });
  const { jwksUrl } = shop.config;
  const issuerKeys = jwksUrl === undefined ? undefined : new IssuerKeys(jwksUrl, shop.now);
  const customerTokens = new CustomerTokens(shop);

  // First: a browser hides an error without the headers of CORS, that of an unknown path included.
  cors(app);
  errorHandlers(app);
  jsonBodies(app);
  draining(app);
  accessHooks(app, shop, { readiness, issuerKeys, customerTokens });
  currencyHook(app, shop);
  includables(app);

  healthRoutes(app, readiness);
  oauthRoutes(app, shop, customerTokens);
  internalRoutes(app, shop, customerTokens);
  settingsRoutes(app, shop);
  currencyRoutes(app, shop);
  customerRoutes(app, shop, customerTokens);
  fileRoutes(app, shop, readiness);
  catalogRoutes(app, shop);
  variationsRoutes(app, shop);
  childRoutes(app, shop);
  inventoryRoutes(app, shop);
  cartRoutes(app, shop);
  checkoutRoutes(app, shop);
  orderRoutes(app, shop);
  paymentRoutes(app, shop);
  gatewayRoutes(app, shop);
  integrationRoutes(app, shop);
  jobRoutes(app, shop);
  flowRoutes(app, shop);
  promotionRoutes(app, shop);

  return app;
}
