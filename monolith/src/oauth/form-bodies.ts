import type { FastifyInstance } from 'fastify';
import { ShopError } from '../errors.ts';

/** Reads forms, as RFC 6749 sends them. A field that comes twice is refused (section 3.1). */
export function formBodies(app: FastifyInstance): void {
  app.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => {
      const fields = new Map<string, string>();
      for (const [name, value] of new URLSearchParams(body)) {
        if (fields.has(name)) {
          done(new ShopError('bad_request', { detail: 'A field of the form comes more than once' }));
          return;
        }
        fields.set(name, value);
      }
      done(null, Object.fromEntries(fields));
    },
  );
}
