import type { TestShop } from '@banyan/monolith/testing';

/** A route of the monolith: a method, and a pattern such as `/v2/orders/:id/payments`. */
type Route = ReturnType<TestShop['routes']>[number];

/** Notes the route of each request that succeeds. Call before the app listens. */
export function recordAnswered(app: TestShop['app'], answered: Set<string>): void {
  app.addHook('onResponse', async (request, reply) => {
    if (reply.statusCode < 400) answered.add(`${request.method} ${request.routeOptions.url}`);
  });
}

/** Whether a route is one of the API, which clients know. `HEAD` comes with each `GET`. */
export function isPublic({ method, path }: Route): boolean {
  if (method === 'HEAD' || method === 'OPTIONS') return false;
  return /^\/(v2|files)\//.test(path) || path === '/oauth/access_token';
}
