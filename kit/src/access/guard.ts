import type { Server } from '../http/server.ts';
import { traceContext } from '../mesh/trace.ts';
import { ServiceError } from '../service/errors.ts';
import type { Authenticate } from './authenticate.ts';
import type { Rule } from './rules.ts';
import './access.ts';

export interface GuardOptions {
  /** Routes whose path begins with this are guarded, such as `/v2/`. */
  prefix: string;
  authenticate: Authenticate;
  rule: Rule;
}

/**
 * Authenticates the caller of every guarded route before the body is read, and checks whether the token permits the
 * request: 401 or 403 otherwise. Call before adding the routes.
 */
export function guardRoutes(server: Server, { prefix, authenticate, rule }: GuardOptions): void {
  server.decorateRequest('caller');
  server.addHook('onRequest', async (request) => {
    const path = request.routeOptions.url ?? '';
    if (!path.startsWith(prefix) || request.method === 'OPTIONS') return;
    const caller = await authenticate(request.headers.authorization, traceContext(request.headers));
    if (!rule({ method: request.method, path }, caller)) {
      throw new ServiceError('forbidden', { detail: 'The access token does not permit this' });
    }
    request.caller = caller;
  });
}
