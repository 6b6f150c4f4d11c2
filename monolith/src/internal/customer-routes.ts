import type { FastifyInstance } from 'fastify';
import { badRequest } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import { type CustomerTokenReader, checkIntrospector } from '../oauth/introspect.ts';
import type { Shop } from '../shop.ts';
import { named } from './named.ts';

/** `/internal/customers…`: what services ask of the owner of the customers. */
export function customerPeerRoutes(app: FastifyInstance, shop: Shop, tokens: CustomerTokenReader): void {
  // Those of the customers that exist.
  app.get('/internal/customers', async (request) => {
    checkIntrospector(shop, request.headers.authorization);
    const { rows } = await shop.db.query('select id from customers where id = any($1::uuid[])', [
      named(request, 'id', isUuid),
    ]);
    return { data: rows };
  });

  // Who the customer token of the usual header belongs to, as `/oauth/introspect` says it. A GET, which a proxy may repeat.
  app.get('/internal/customers/token', async (request, reply) => {
    checkIntrospector(shop, request.headers.authorization);
    const token = request.headers['x-moltin-customer-token'];
    if (typeof token !== 'string' || token === '') throw badRequest('X-Moltin-Customer-Token is required');
    const found = await tokens.read(token);
    reply.header('cache-control', 'no-store');
    return found === undefined ? { active: false } : { active: true, sub: found.customerId, exp: found.exp };
  });
}
