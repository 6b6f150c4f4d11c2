import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseKey } from '../idempotency/key.ts';
import type { Keyed } from '../idempotency/keyed.ts';
import { sendReply, waitMsOf } from '../idempotency/reply-once.ts';
import type { Shop } from '../shop.ts';
import { formBodies } from './form-bodies.ts';
import { grantToken } from './grant.ts';
import { type GrantRequest, parseGrantRequest } from './grant-request.ts';
import { type CustomerTokenReader, checkIntrospector, introspect } from './introspect.ts';
import { secretCheck } from './secret-check.ts';

/** `/oauth/…`: issues and introspects tokens. Only these paths accept forms. */
export function oauthRoutes(app: FastifyInstance, shop: Shop, customers: CustomerTokenReader): void {
  const checkSecret = secretCheck(shop.debts);
  app.register(async (oauth) => {
    formBodies(oauth);
    oauth.post('/oauth/access_token', async (request, reply) => {
      const grant = parseGrantRequest(request.body);
      const granted = await grantToken(shop, checkSecret, grant, request.ip, keyedGrant(request, grant));
      return sendReply(reply.header('cache-control', 'no-store'), granted);
    });
    oauth.post('/oauth/introspect', async (request, reply) => {
      checkIntrospector(shop, request.headers.authorization);
      return reply.header('cache-control', 'no-store').send(await introspect(shop, customers, request.body));
    });
  });
}

/**
 * The idempotency of the refresh grant. A refresh token works once, so a retry after a lost reply needs that reply.
 * The other grants issue a new token each time and ignore the key. A form and a JSON object with the same grant count
 * as the same body. The reply is secret: it is encrypted with the refresh token, of which the store has only a hash.
 */
function keyedGrant(request: FastifyRequest, grant: GrantRequest): Keyed | undefined {
  if (grant.grantType !== 'refresh_token') return undefined;
  const key = parseKey(request.headers['idempotency-key']);
  if (key === undefined) return undefined;
  const { grantType, clientId, refreshToken } = grant;
  return {
    key,
    client: clientId,
    customer: '',
    method: 'POST',
    path: '/oauth/access_token',
    body: JSON.stringify([grantType, clientId, refreshToken]),
    waitMs: waitMsOf(request),
    secret: refreshToken,
  };
}
