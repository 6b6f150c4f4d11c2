import type { Settlers } from '../settle/settlers.ts';
import type { Operation } from './server.ts';

/** What has settled, as far as this process knows. */
export function settleOperations(settlers: Settlers): Operation[] {
  return [
    {
      methods: ['GET'],
      path: '/settles',
      right: 'read',
      summary: 'What routes settle: whether it has settled (if not, reads go where writes go), and why settling fails.',
      handle: () => ({ json: { settles: settlers.list() } }),
    },
  ];
}
