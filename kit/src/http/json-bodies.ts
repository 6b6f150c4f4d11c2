import { ServiceError } from '../service/errors.ts';
import { isDeeperThan, maxDepth } from './json-depth.ts';
import type { Server } from './server-type.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body before it was parsed, if the request has an `Idempotency-Key` or its route keeps it. */
    bodyText: string | undefined;
  }
  interface FastifyContextConfig {
    /** The unparsed body is kept. */
    keepsText?: true;
  }
}

/**
 * Parses JSON bodies of at most {@link maxDepth} levels whose texts can be stored. An empty body counts as no body,
 * because clients of the public API send one with a JSON content type.
 */
export function parseJsonBodies(server: Server): void {
  const parse = server.getDefaultJsonParser('error', 'error');
  server.decorateRequest('bodyText', undefined);
  server.removeContentTypeParser(['application/json', 'text/plain']);
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    const isKept = request.routeOptions.config.keepsText === true;
    if (isKept || request.headers['idempotency-key'] !== undefined) request.bodyText = body;
    if (body.trim() === '') done(null, undefined);
    else if (isDeeperThan(body, maxDepth)) done(refusal(`The body is nested deeper than ${maxDepth} levels`));
    else {
      void parse(request, body, (error, value) => {
        // Only an escape can put such a character into a body that is UTF-8.
        if (error === null && body.includes('\\u') && !isStorable(value)) {
          done(refusal('The body holds a character that is not text'));
        } else done(error, value);
      });
    }
  });
}

const refusal = (detail: string) => new ServiceError('bad_request', { detail });

/** Whether a text can be stored and sent on unchanged: it has no NUL and no lone surrogate. */
export function isText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** Whether all texts within a value that JSON can hold are texts ({@link isText}), names of members included. */
function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return isText(value);
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isStorable);
  return Object.entries(value).every(([name, member]) => isText(name) && isStorable(member));
}
