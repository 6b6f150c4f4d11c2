import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import type { Server } from './http.ts';

const draining = new WeakSet<HttpServer>();

/** Whether the server has been asked to end: an answer written past its hooks must say `Connection: close` by itself. */
export const isDraining = (app: Server): boolean => draining.has(app.server);

/**
 * Lets a server end once it is asked to, whatever its clients do. Node and Fastify end what is idle at that moment, which
 * leaves connections that would hold the process up for as long as their clients like:
 *
 * - those with a request under way: its answer says `Connection: close` (RFC 9112, 9.6), else it would be kept alive;
 * - those on which nothing was ever said: closed, once what had already arrived is read;
 * - those whose request does not come to its end: cut after `limitMs`, since Node no longer limits requests by then.
 *
 * @param limitMs below the time after which the process is given up, so that it still puts away what else it has
 */
export function drainOnClose(app: Server, limitMs: number): void {
  const connections = new Set<Socket>();
  app.server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (isDraining(app)) reply.header('connection', 'close');
    done();
  });
  app.addHook('preClose', async () => {
    draining.add(app.server);
    endUnused(connections);
    endAllAfter(limitMs, app.server);
  });
}

/** After one turn of the event loop, in which everything is read that was there before. */
function endUnused(connections: ReadonlySet<Socket>): void {
  setImmediate(() => {
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
  });
}

function endAllAfter(limitMs: number, server: Pick<HttpServer, 'closeAllConnections' | 'once'>): void {
  const limit = setTimeout(() => server.closeAllConnections(), limitMs);
  limit.unref();
  server.once('close', () => clearTimeout(limit));
}
