import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Front {
  url: string;
  close(): void;
}

/**
 * Sends each request on to one of several servers, unchanged: a mesh reduced to its routes.
 *
 * @param targetsOf servers for a path. A request goes to the first one, and to the next one after a 421.
 */
export async function startFront(targetsOf: (path: string) => readonly string[]): Promise<Front> {
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    passOn(incoming, outgoing, Buffer.concat(chunks), targetsOf(incoming.url ?? ''));
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

function passOn(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  body: Buffer,
  [target = '', ...others]: readonly string[],
): void {
  const { method, url: path = '', headers } = incoming;
  const passed = send(target, { method, headers, path }, (reply) => {
    if (reply.statusCode === 421 && others.length > 0) {
      reply.resume();
      passOn(incoming, outgoing, body, others);
      return;
    }
    outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(outgoing);
  });
  passed.on('error', () => {
    if (!outgoing.headersSent) outgoing.destroy();
  });
  passed.end(body);
}
