import type { Server } from '../http/server.ts';
import { traceContext } from '../mesh/trace.ts';
import { ServiceError } from '../service/errors.ts';
import type { Authenticate } from './authenticate.ts';
import type { Rule } from './rules.ts';
import type { FindSubject } from './subjects.ts';
import './access.ts';

export interface GuardOptions {
  /** Routes whose path begins with this are guarded, such as `/v2/`. */
  prefix: string;
  authenticate: Authenticate;
  rule: Rule;
  /** The header of a second token, which limits the request to a subject, and who knows the subject. */
  second: { header: string; find: FindSubject; refusal: string };
}

/**
 * Authenticates the caller of every guarded route before the body is read, and checks whether the token permits the
 * request: 401 or 403 otherwise. Call before adding the routes.
 */
export function guardRoutes(server: Server, { prefix, authenticate, rule, second }: GuardOptions): void {
  server.decorateRequest('caller');
  server.addHook('onRequest', async (request) => {
    const path = request.routeOptions.url ?? '';
    if (!path.startsWith(prefix) || request.method === 'OPTIONS') return;
    const trace = traceContext(request.headers);
    const caller = await authenticate(request.headers.authorization, trace);
    const token = request.headers[second.header];
    if (typeof token === 'string' && token !== '') {
      const subject = await second.find(token, trace);
      // Not 401: clients read that as a bad access token.
      if (subject === null) throw new ServiceError('forbidden', { detail: second.refusal });
      request.caller = { ...caller, subject };
    } else request.caller = caller;
    const params = request.params as Readonly<Record<string, string>>;
    if (!rule({ method: request.method, path, params }, request.caller)) {
      throw new ServiceError('forbidden', { detail: 'The access token does not permit this' });
    }
  });
}
