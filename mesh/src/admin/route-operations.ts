import type { HttpRoute } from '../config/model.ts';
import { ControlError } from '../control/control-error.ts';
import type { ControlPlane } from '../control/control-plane.ts';
import { type Weights, weightGroupsOf, weightsOf } from '../control/weight-groups.ts';
import { mirrorsOf } from '../control/weights.ts';
import { fieldsOf, textOf } from './fields.ts';
import type { AdminReply, AdminRequest, Operation } from './server.ts';

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
            ...weightsShown(mesh, route),
            mirrors: mirrorsOf(route),
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
          json: { ...route, ...weightsShown(mesh, route) },
        };
      },
    },
    {
      methods: ['POST', 'PUT', 'PATCH'],
      path: '/routes/:name/weights',
      right: 'change',
      summary:
        'Sets weights of all rules that have these services: {"weights":{"auth":100},"who":"…","why":"…"}; services that are not named share the rest to 100.',
      handle: (request) => shift(mesh, request.params.name ?? '', request),
    },
    {
      methods: ['POST', 'PUT', 'PATCH'],
      path: '/routes/:name/rules/:rule/weights',
      right: 'change',
      summary: 'The same for one rule by its name.',
      handle: (request) => shift(mesh, `${request.params.name}/${request.params.rule}`, request),
    },
  ];
}

function shift(mesh: ControlPlane, target: string, { params, body, headers }: AdminRequest): AdminReply {
  const name = params.name ?? '';
  const { weights, who, why } = weightRequest(body);
  const ifMatch = headers['if-match'];
  const set = mesh.shift(target, weights, { who, why, ...(ifMatch === undefined ? {} : { ifMatch }) });
  return {
    headers: { etag: mesh.etag(name) },
    json: {
      route: name,
      weights: set[0]?.weights ?? {},
      rules: set.map(({ rule, weights: own }) => ({ rule, weights: own })),
      generation: mesh.status.generation,
    },
  };
}

/** The weights of each rule with a name, and of the others together; `weights` and `changed` are those of the route's first split. */
function weightsShown(mesh: ControlPlane, route: HttpRoute) {
  const rules = weightGroupsOf(route).map(({ key, rule, weights }) => ({
    rule,
    weights,
    changed: Object.hasOwn(mesh.changes, key) ? (mesh.changes[key] ?? null) : null,
  }));
  const weights = weightsOf(route);
  return { weights, changed: rules.find((each) => each.changed !== null)?.changed ?? null, weightGroups: rules };
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
