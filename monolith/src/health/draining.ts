import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Limits in milliseconds, counted from the request to stop. */
export interface DrainLimits {
  /** For connections that have not sent a request yet. */
  unusedMs: number;
  /** For everything, including replies in progress: well below the time after which supervisors kill a process. */
  totalMs: number;
}

/**
 * Keeps clients from delaying a stop. Replies close their connections. Unused connections and unfinished requests are
 * cut at their limits, because Node no longer limits the arrival of requests by then.
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
