import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { Server } from './server-type.ts';

export interface DocsOptions {
  title: string;
  version: string;
  description: string;
}

/** Serves OpenAPI from the route schemas: a page at /docs, the document at /docs/json. Call before adding routes. */
export async function addDocs(server: Server, info: DocsOptions): Promise<void> {
  await server.register(swagger, { openapi: { info } });
  await server.register(swaggerUi, { routePrefix: '/docs' });
}
