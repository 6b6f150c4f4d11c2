import { describeStack } from '../assemble.ts';
import { serializeRedacted } from '../config/writing/serialize.ts';
import type { StackInForce } from '../control/stack-in-force.ts';
import { explainRequest } from './explain.ts';
import type { Operation } from './server.ts';

/** What is in force in this process. */
export function inForceOperations(inForce: StackInForce): Operation[] {
  return [
    {
      methods: ['GET'],
      path: '/config',
      right: 'read',
      summary:
        'The configuration in force as documents, defaults filled in, changes by hand included; values of header fields are redacted.',
      handle: () => ({ text: { type: 'application/json', content: `${serializeRedacted(inForce.config)}\n` } }),
    },
    {
      methods: ['GET'],
      path: '/stack',
      right: 'read',
      summary: 'The layers that run, outermost first.',
      handle: () => ({ json: { layers: describeStack(inForce.stack) } }),
    },
    {
      methods: ['GET'],
      path: '/explain',
      right: 'read',
      summary: 'Where one request would go, and why: ?method=&host=&path=&entrance=&client=&header=name:value',
      handle: ({ query }) => ({ json: explainRequest(inForce, query) }),
    },
  ];
}
