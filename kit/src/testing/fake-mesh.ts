import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer as readBytes } from 'node:stream/consumers';

/** A request that arrived at the fake mesh. */
export interface FakeRequest {
  /** The service that it is for: its Host. */
  service: string;
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** The body as it arrived, which may be no text. */
  bytes: Buffer<ArrayBuffer>;
}

/** What a service replies: a status and a body, which is sent as JSON unless it is text or bytes. */
export interface FakeReply {
  status: number;
  body?: unknown;
}

export type FakeService = (request: FakeRequest) => FakeReply | Promise<FakeReply>;

/** Stands in for the mesh's port for calls between services. */
export interface FakeMesh {
  url: string;
  /** All requests so far. */
  requests: FakeRequest[];
  /** What each service is. One that is absent cannot be reached (503). */
  services: Record<string, FakeService>;
  close(): void;
}

export async function startFakeMesh(services: Record<string, FakeService> = {}): Promise<FakeMesh> {
  const server = createServer(async (incoming, response) => {
    const bytes = await readBytes(incoming);
    const body = bytes.toString('utf8');
    const { method = '', url: path = '', headers } = incoming;
    const request = { service: headers.host ?? '', method, path, headers, body, bytes };
    mesh.requests.push(request);
    const reply = (await mesh.services[request.service]?.(request)) ?? { status: 503, body: { errors: [] } };
    response.writeHead(reply.status, { 'content-type': 'application/json' });
    const isRaw = typeof reply.body === 'string' || reply.body instanceof Uint8Array;
    response.end(isRaw ? reply.body : JSON.stringify(reply.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const mesh: FakeMesh = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    services,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return mesh;
}

/** A service that runs at an address. */
export function serviceAt(url: string): FakeService {
  return async ({ method, path, headers, bytes }) => {
    const given = Object.entries(headers).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && !hopByHop.has(entry[0]),
    );
    const response = await fetch(url + path, {
      method,
      headers: given,
      ...(bytes.length === 0 ? {} : { body: bytes }),
    });
    const isBytes = response.headers.get('content-type') === 'application/octet-stream';
    const body = isBytes ? Buffer.from(await response.arrayBuffer()) : await response.text();
    return { status: response.status, body };
  };
}

const hopByHop = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'keep-alive', 'expect']);
