import { ControlError } from '../control/control-error.ts';
import type { ControlPlane } from '../control/control-plane.ts';
import type { Operation } from './server.ts';

/** Where the policies in force come from. */
export function policyOperations(mesh: ControlPlane): Operation[] {
  return [
    {
      methods: ['GET'],
      path: '/policies',
      right: 'read',
      summary:
        'The policies that are merged for each Service and HTTPRoute, and which document gives each value; values that no document gives are not listed.',
      handle: () => ({ json: { policies: mesh.policies } }),
    },
    {
      methods: ['GET'],
      path: '/policies/:name',
      right: 'read',
      summary: 'The same for the Service and the HTTPRoute of that name.',
      handle: ({ params: { name = '' } }) => {
        const { services, routes } = mesh.config;
        if (![...services, ...routes].some((object) => object.name === name)) {
          throw new ControlError('unknown_route', [`there is no Service and no HTTPRoute "${name}"`]);
        }
        return { json: { policies: mesh.policies.filter((policy) => policy.name === name) } };
      },
    },
  ];
}
