import { ServiceError } from '@banyan/kit/errors';
import type { Server } from '@banyan/kit/http';
import { addLeanPost } from '@banyan/kit/lean-post';
import { traceContext } from '@banyan/kit/trace';
import { IntrospectionRequest, IntrospectionResponse, paths, TokenRequest, TokenResponse } from './contract.ts';
import { field } from './domain.ts';
import type { Keyring } from './keys/keyring.ts';
import type { AuthMetrics } from './metrics.ts';
import type { Introspector } from './tokens/introspector.ts';
import type { TokenIssuer } from './tokens/issuer.ts';

export interface Handlers {
  issuer: TokenIssuer;
  introspector: Introspector;
  keyring: Keyring;
  /** Throws AuthError `invalid_caller` unless the credentials are those of an allowed caller. */
  authenticateCaller: (authorization: string | undefined) => void;
  metrics: AuthMetrics;
}

/** The body's schema is only for the documentation. The domain checks the body, so that errors are those of OAuth. */
const unchecked = () => () => true;

/** A request for a token has three short members. */
const bodyLimitBytes = 16_384;

/** HTTP to domain, and back. */
export function addRoutes(
  server: Server,
  { issuer, introspector, keyring, authenticateCaller, metrics }: Handlers,
): void {
  addLeanPost(server, {
    path: paths.token,
    bodyLimitBytes,
    schema: { summary: 'Issue an access token', body: TokenRequest, response: { 200: TokenResponse } },
    // Caches must not store tokens (RFC 6749, section 5.1). Storefronts in browsers read this from other origins.
    headers: { 'cache-control': 'no-store', 'access-control-allow-origin': '*' },
    handle: async (body, request) => {
      try {
        const response = await issuer.issue(body, request.headers);
        metrics.issued[response.identifier].value += 1;
        return response;
      } catch (error) {
        metrics.refusal(error instanceof ServiceError ? error.code : 'internal').value += 1;
        throw error;
      }
    },
  });

  server.options(paths.token, { schema: { hide: true } }, async (request, reply) => {
    reply
      .code(204)
      .header('access-control-allow-origin', '*')
      .header('access-control-allow-methods', 'POST')
      .header('access-control-allow-headers', request.headers['access-control-request-headers'] ?? '')
      .header('access-control-max-age', '86400');
  });

  server.get(paths.jwks, { schema: { summary: 'Keys that verify access tokens' } }, async (_request, reply) => {
    reply.header('access-control-allow-origin', '*');
    // Read before the cache header is set: without keys this throws a 503, which must not be cached.
    const { jwks } = keyring;
    // Must be shorter than the time for which a key is published before it signs (KEY_PUBLISH_LEAD_S).
    return reply.header('cache-control', 'public, max-age=10').type('application/jwk-set+json').send(jwks);
  });

  server.post(
    paths.introspect,
    {
      bodyLimit: bodyLimitBytes,
      validatorCompiler: unchecked,
      schema: {
        summary: 'Introspect a token',
        body: IntrospectionRequest,
        response: { 200: IntrospectionResponse },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store').header('www-authenticate', 'Basic realm="introspection"');
      authenticateCaller(request.headers.authorization);
      reply.removeHeader('www-authenticate');
      return introspector.introspect(field(request.body, 'token', bodyLimitBytes), traceContext(request.headers));
    },
  );
}
