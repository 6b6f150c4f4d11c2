import fastifyCors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

/** Storefronts run in browsers on other hosts. Every header that a preflight announces is allowed. */
export function cors(app: FastifyInstance): void {
  app.register(fastifyCors, {
    origin: '*',
    methods: ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'],
    maxAge: 86_400,
    // Accepts an OPTIONS request without the headers of a preflight too.
    strictPreflight: false,
  });
}
