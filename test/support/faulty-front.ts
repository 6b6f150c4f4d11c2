import { createServer, type IncomingMessage, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request on its way. */
export interface Passing {
  method: string;
  path: string;
  body: string;
}

interface Reply {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/** What may happen to a request: `pass` sends it on. Null as its reply: the connection breaks without one. */
export type Interfere = (passing: Passing, pass: () => Promise<Reply>) => Promise<Reply | null>;

/** Stands between the mesh and one side, for faults at a chosen moment. */
export interface FaultyFront {
  port: number;
  interfere: Interfere;
  close(): void;
}

const hopByHop = ['connection', 'keep-alive', 'transfer-encoding', 'content-length'];
const passedOn: Interfere = (_passing, pass) => pass();

/** @param targetUrl the side, as `http://host:port` */
export async function startFaultyFront(targetUrl: string): Promise<FaultyFront> {
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { method = '', url: path = '' } = incoming;
    const reply = await front
      .interfere({ method, path, body: body.toString() }, () => pass(targetUrl, incoming, body))
      .catch(() => null);
    if (reply === null) return void incoming.socket.destroy();
    outgoing.writeHead(reply.status, {
      ...without(reply.headers),
      ...(method === 'HEAD' || reply.status === 204 ? {} : { 'content-length': reply.body.length }),
    });
    outgoing.end(reply.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const front: FaultyFront = {
    port: (server.address() as AddressInfo).port,
    interfere: passedOn,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return front;
}

function pass(targetUrl: string, { method, url: path, headers }: IncomingMessage, body: Buffer): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const passed = send(targetUrl, {
      method,
      path,
      headers: { ...without(headers), ...(body.length > 0 ? { 'content-length': body.length } : {}) },
    });
    passed.on('error', reject);
    passed.on('response', async (reply) => {
      const chunks: Buffer[] = [];
      for await (const chunk of reply) chunks.push(chunk as Buffer);
      resolve({ status: reply.statusCode ?? 502, headers: reply.headers, body: Buffer.concat(chunks) });
    });
    passed.end(body);
  });
}

const without = (headers: IncomingMessage['headers']) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.includes(name)));
