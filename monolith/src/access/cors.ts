import fastifyCors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

/** Storefronts run in browsers on hosts of their own. Headers that they announce are allowed as announced. */
export function cors(app: FastifyInstance): void {
  app.register(fastifyCors, {
    origin: '*',
    methods: ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'],
    maxAge: 86_400,
    // A preflight is recognised by its headers; a bare OPTIONS is answered as well.
    strictPreflight: false,
  });
}
