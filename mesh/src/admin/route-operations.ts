import { ControlError } from '../control/control-error.ts';
import type { ControlPlane } from '../control/control-plane.ts';
import { mirrorsOf, type Weights, weightsOf } from '../control/weights.ts';
import { fieldsOf, textOf } from './fields.ts';
import type { Operation } from './server.ts';

/** The routes in force, and their weights. */
export function routeOperations(mesh: ControlPlane): Operation[] {
  return [
    {
      methods: ['GET'],
      path: '/routes',
      right: 'read',
      summary: 'Every route with its weights and its mirrors.',
      handle: () => ({
        json: {
          routes: mesh.config.routes.map((route) => ({
            name: route.name,
            etag: mesh.etag(route.name),
            parents: route.parents,
            hostnames: route.hostnames,
            weights: weightsOf(route),
            mirrors: mirrorsOf(route),
            changed: mesh.changes[route.name] ?? null,
          })),
        },
      }),
    },
    {
      methods: ['GET'],
      path: '/routes/:name',
      right: 'read',
      summary: 'One route as it is in force, with its version as ETag.',
      handle: ({ params }) => {
        const name = params.name ?? '';
        const route = mesh.route(name);
        return {
          headers: { etag: mesh.etag(name) },
          json: { ...route, weights: weightsOf(route), changed: mesh.changes[name] ?? null },
        };
      },
    },
    {
      methods: ['POST', 'PUT', 'PATCH'],
      path: '/routes/:name/weights',
      right: 'change',
      summary:
        'Sets weights: {"weights":{"auth":100},"who":"…","why":"…"}; services that are not named share the rest to 100.',
      handle: ({ params, body, headers }) => {
        const name = params.name ?? '';
        const { weights, who, why } = weightRequest(body);
        const ifMatch = headers['if-match'];
        const set = mesh.shift(name, weights, { who, why, ...(ifMatch === undefined ? {} : { ifMatch }) });
        return {
          headers: { etag: mesh.etag(name) },
          json: { route: name, weights: set, generation: mesh.status.generation },
        };
      },
    },
  ];
}

function weightRequest(body: unknown): { weights: Weights; who: string; why: string } {
  const { weights, who, why } = fieldsOf(body);
  const isMap = typeof weights === 'object' && weights !== null && !Array.isArray(weights);
  if (!isMap || !Object.values(weights).every((weight) => typeof weight === 'number')) {
    throw new ControlError('invalid', [
      '"weights" must be an object of numbers by service, as in {"weights":{"auth":100}}',
    ]);
  }
  return { weights: weights as Weights, who: textOf(who, 'unknown'), why: textOf(why, '') };
}
