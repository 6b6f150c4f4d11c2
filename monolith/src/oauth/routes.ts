import type { FastifyInstance } from 'fastify';
import type { Shop } from '../shop.ts';
import { formBodies } from './form-bodies.ts';
import { grantToken } from './grant.ts';
import { parseGrantRequest } from './grant-request.ts';
import { checkIntrospector, introspect } from './introspect.ts';
import { secretCheck } from './secret-check.ts';
import type { IssuedToken } from './tokens.ts';

/** `/oauth/…`: tokens out, and what they stand for. These paths alone read forms. */
export function oauthRoutes(app: FastifyInstance, shop: Shop): void {
  const checkSecret = secretCheck(shop.debts);
  app.register(async (oauth) => {
    formBodies(oauth);
    oauth.post('/oauth/access_token', async (request, reply) => {
      const token = await grantToken(shop, checkSecret, parseGrantRequest(request.body), request.ip);
      return reply.header('cache-control', 'no-store').send(tokenView(token));
    });
    oauth.post('/oauth/introspect', async (request, reply) => {
      checkIntrospector(shop, request.headers.authorization);
      return reply.header('cache-control', 'no-store').send(await introspect(shop, request.body));
    });
  });
}

// Flat, without `data`: clients read `access_token` and `expires` (seconds since the epoch) at the top.
function tokenView(token: IssuedToken) {
  const expires = Math.floor(token.expiresAt.getTime() / 1000);
  return {
    access_token: token.accessToken,
    token_type: 'Bearer',
    expires_in: expires - Math.floor(token.issuedAt.getTime() / 1000),
    expires,
    identifier: token.kind,
    ...(token.refreshToken !== undefined && { refresh_token: token.refreshToken }),
  };
}
