import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { Server } from './http.ts';

export interface DocsOptions {
  title: string;
  version: string;
  description: string;
}

/** OpenAPI from the route schemas: a page for people at /docs, the document at /docs/json. Before the routes are added. */
export async function addDocs(server: Server, info: DocsOptions): Promise<void> {
  await server.register(swagger, { openapi: { info } });
  await server.register(swaggerUi, { routePrefix: '/docs' });
}
