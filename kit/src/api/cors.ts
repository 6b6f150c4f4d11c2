import fastifyCors from '@fastify/cors';
import type { Server } from '../http/server.ts';

/** Storefronts run in browsers on other hosts. Every header that a preflight announces is allowed. */
export async function allowBrowsers(server: Server): Promise<void> {
  await server.register(fastifyCors, {
    origin: '*',
    methods: ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'],
    maxAge: 86_400,
    // Accepts an OPTIONS request without the headers of a preflight too.
    strictPreflight: false,
  });
}
