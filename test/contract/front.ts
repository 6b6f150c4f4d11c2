import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Front {
  url: string;
  close(): void;
}

/** Sends each request on to one of several servers, unchanged: a mesh reduced to its routes. */
export async function startFront(targetOf: (path: string, method: string) => string): Promise<Front> {
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url: path = '', headers } = incoming;
    const passed = send(targetOf(path, method), { method, headers, path }, (reply) => {
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(outgoing);
    });
    passed.on('error', () => {
      // A server may reply and close before it has read the whole body.
      if (!outgoing.headersSent) outgoing.destroy();
    });
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
