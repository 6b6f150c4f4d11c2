import type { FastifyInstance } from 'fastify';
import type { Readiness } from './readiness.ts';

/** `/health/live`: the process runs. `/health/ready`: the process can serve, otherwise 503 with the reason. */
export function healthRoutes(app: FastifyInstance, readiness: Readiness): void {
  app.get('/health/live', async () => ({ status: 'live' }));
  app.get('/health/ready', async (_request, reply) => {
    const state = await readiness.check();
    return state.ready ? { status: 'ready' } : reply.code(503).send({ status: 'not ready', reason: state.reason });
  });
}
