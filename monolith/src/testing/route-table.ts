import type { FastifyInstance } from 'fastify';

export interface Route {
  method: string;
  /** The route's pattern, such as `/v2/orders/:id/payments`. */
  path: string;
}

/**
 * Every route of an app, one entry for each method, as registered in the running router. Parses the tree that Fastify
 * prints: the indentation is the depth, and a path joins the segments above it.
 */
export function routesOf(app: FastifyInstance): Route[] {
  const routes: Route[] = [];
  const way: string[] = [];
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent = '', part = '', methods = ''] = /^([│ ]*)[├└]── (.*?)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? [];
    if (part === '') continue;
    const depth = indent.length / 4;
    way.length = depth;
    way[depth] = part;
    for (const method of methods.split(', ').filter((one) => one !== '')) routes.push({ method, path: way.join('') });
  }
  return routes;
}
