import type { FastifyInstance } from 'fastify';
import { badRequest } from './api/faults.ts';
import { isStorable } from './api/text.ts';
import { isDeeperThan, maxDepth } from './json-depth.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The unparsed body, if the request has an `Idempotency-Key`, or its route may send it on. */
    bodyText: string | undefined;
  }
}

/**
 * Parses JSON bodies of at most `maxDepth` levels whose texts can be stored. An empty body counts as no body, because clients send one with a
 * JSON content type on DELETE, capture and refund.
 */
export function jsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.decorateRequest('bodyText', undefined);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    const isKept = request.headers['idempotency-key'] !== undefined || request.routeOptions.config.keepsText === true;
    if (isKept) request.bodyText = body;
    if (body.trim() === '') done(null, undefined);
    else if (isDeeperThan(body, maxDepth)) done(badRequest(`The body is nested deeper than ${maxDepth} levels`));
    else
      void parse(request, body, (error, value) => {
        // Only an escape can put such a character into a body that is UTF-8.
        if (error === null && body.includes('\\u') && !isStorable(value)) {
          done(badRequest('The body holds a character that is not text'));
        } else done(error, value);
      });
  });
}
