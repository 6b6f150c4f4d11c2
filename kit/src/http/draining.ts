import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import type { Server } from './server-type.ts';

const draining = new WeakSet<HttpServer>();

/** Whether the server is closing. A response that bypasses Fastify's hooks must then add `Connection: close` itself. */
export const isDraining = (app: Server): boolean => draining.has(app.server);

/**
 * Lets a server close whatever its clients do. Node and Fastify close connections that are idle when the server is
 * asked to close. The others would keep the process alive for as long as their clients like:
 *
 * - A connection with a request under way: the response says `Connection: close` (RFC 9112, section 9.6).
 * - A connection on which the client sent no bytes: closed, after bytes that have already arrived are read.
 * - A connection whose request never ends: cut after `limitMs`, because Node no longer limits requests by then.
 *
 * @param limitMs must be shorter than the grace period of the process, so that it still has time to close its stores
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

/** Waits for one iteration of the event loop, which reads all bytes that have already arrived. */
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
