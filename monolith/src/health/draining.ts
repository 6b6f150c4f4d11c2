import type { FastifyInstance } from 'fastify';

/** Once the program stops, answers close their connections: kept alive, these would keep the program alive as well. */
export function draining(app: FastifyInstance): void {
  let stopping = false;
  app.addHook('preClose', async () => {
    stopping = true;
  });
  app.addHook('onSend', async (_request, reply) => {
    if (stopping) reply.header('connection', 'close');
  });
}
