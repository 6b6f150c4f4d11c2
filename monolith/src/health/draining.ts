import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Well below the time after which those who start processes kill them. */
const LIMIT_MS = 5_000;

/**
 * Once the program stops, no client keeps it alive: answers close their connections, those never used are closed, and
 * what has not come to its end after `limitMs` is cut (Node no longer limits how long a request takes to arrive by then).
 */
export function draining(app: FastifyInstance, limitMs = LIMIT_MS): void {
  const sockets = new Set<Socket>();
  let stopping = false;
  const closeUnused = () => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  };
  const cut = () => app.server.closeAllConnections();

  app.server.on('connection', (socket) => sockets.add(socket) && socket.once('close', () => sockets.delete(socket)));
  app.addHook('preClose', async () => {
    stopping = true;
    // What has already arrived is read first.
    setImmediate(closeUnused);
    setTimeout(cut, limitMs).unref();
  });
  app.addHook('onSend', async (_request, reply) => {
    if (stopping) reply.header('connection', 'close');
  });
}
