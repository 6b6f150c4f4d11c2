import type { FastifyInstance } from 'fastify';

/** Reads JSON bodies. An empty body is no body, although clients call it JSON: they do so on DELETE, capture and refund. */
export function jsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.trim() === '') done(null, undefined);
    else void parse(request, body, done);
  });
}
