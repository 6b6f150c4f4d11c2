import type { FastifyReply, FastifyRequest } from 'fastify';
import { processSpans, type Spans } from '../mesh/spans.ts';
import type { Server } from './server-type.ts';

/** Characters of a path that a client may make the process and the mesh hold. */
const pathMax = 256;

/**
 * A span for each sampled request. What the request causes has it as its parent: it takes the place of the caller's in
 * the request's headers. Queries, header fields and bodies are left out, because they carry secrets.
 */
export function traceRequests(server: Server, spans: Spans = processSpans): void {
  server.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    const { raw } = request;
    const span = spans.begin('server', raw.headers.traceparent);
    if (span === null) {
      done();
      return;
    }
    raw.headers.traceparent = span.traceparent;
    const path = pathOf(raw.url);
    // Also where a route replies past the framework, and where the client has gone.
    reply.raw.once('close', () => {
      const route = request.routeOptions.url;
      const status = reply.raw.writableFinished ? reply.raw.statusCode : null;
      span.end(
        route === undefined ? request.method : `${request.method} ${route}`,
        {
          'http.request.method': request.method,
          'url.path': path,
          ...(route === undefined ? {} : { 'http.route': route }),
          ...(status === null ? { 'error.type': 'client_gone' } : { 'http.response.status_code': status }),
          ...(status !== null && status >= 500 ? { 'error.type': String(status) } : {}),
        },
        status !== null && status >= 500,
      );
    });
    done();
  });
}

function pathOf(target = '/'): string {
  const end = target.indexOf('?');
  return target.slice(0, Math.min(end < 0 ? target.length : end, pathMax));
}
