import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';

/** A request that arrived at the fake mesh. */
export interface FakeRequest {
  /** The service that it is for: its Host. */
  service: string;
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What a service replies: a status and a body, which is sent as JSON unless it is text. */
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
    const body = await readText(incoming);
    const { method = '', url: path = '', headers } = incoming;
    const request = { service: headers.host ?? '', method, path, headers, body };
    mesh.requests.push(request);
    const reply = (await mesh.services[request.service]?.(request)) ?? { status: 503, body: { errors: [] } };
    response.writeHead(reply.status, { 'content-type': 'application/json' });
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body));
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
  return async ({ method, path, headers, body }) => {
    const given = Object.entries(headers).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && !hopByHop.has(entry[0]),
    );
    const response = await fetch(url + path, { method, headers: given, ...(body === '' ? {} : { body }) });
    return { status: response.status, body: await response.text() };
  };
}

const hopByHop = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'keep-alive', 'expect']);
