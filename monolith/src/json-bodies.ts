import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as it came, where the request has an `Idempotency-Key`. */
    bodyText: string | undefined;
  }
}

/** Reads JSON bodies. An empty body is no body, although clients call it JSON: they do so on DELETE, capture and refund. */
export function jsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.decorateRequest('bodyText', undefined);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (request.headers['idempotency-key'] !== undefined) request.bodyText = body;
    if (body.trim() === '') done(null, undefined);
    else void parse(request, body, done);
  });
}
