import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Limits, from when the program is asked to stop. */
export interface DrainLimits {
  /** For connections on which nothing has been said yet. */
  unusedMs: number;
  /** For everything, answers under way included: well below the time after which those who start processes kill them. */
  totalMs: number;
}

/**
 * Once the program stops, no client keeps it alive: answers close their connections, and what is unused or has not come to
 * its end within its limit is cut (Node itself no longer limits how long a request takes to arrive by then).
 */
export function draining(app: FastifyInstance, limits: DrainLimits = { unusedMs: 100, totalMs: 5_000 }): void {
  const sockets = new Set<Socket>();
  let stopping = false;
  const closeUnused = () => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  };

  app.server.on('connection', (socket) => sockets.add(socket) && socket.once('close', () => sockets.delete(socket)));
  app.addHook('preClose', async () => {
    stopping = true;
    AbortSignal.timeout(limits.unusedMs).addEventListener('abort', closeUnused);
    AbortSignal.timeout(limits.totalMs).addEventListener('abort', () => app.server.closeAllConnections());
  });
  app.addHook('onSend', async (_request, reply) => {
    if (stopping) reply.header('connection', 'close');
  });
}
