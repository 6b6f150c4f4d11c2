import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { attemptHeader } from '../src/layers/attempt-timeout.ts';
import type { Behavior } from './cases.ts';
import { behaviorField, markerField } from './observer.ts';

/** One request as read by Node's parser behind the mesh. */
export interface Received {
  markers: string[];
  method: string;
  url: string;
  rawHeaders: string[];
  body: Buffer[];
  whole: boolean;
  upgrade: boolean;
}

/** A Node HTTP server that records how it reads each request. */
export interface Recorder {
  port: number;
  /** Requests since the last `take`. */
  take(): Received[];
  /** Requests that Node refused to read, or that the mesh never sends. */
  takeRefusals(): string[];
  connections(): number;
  close(): Promise<void>;
}

/** Errors of connections that end, not of their content. */
const endings = new Set(['ECONNRESET', 'EPIPE', 'HPE_INVALID_EOF_STATE']);

export async function startRecorder(): Promise<Recorder> {
  let received: Received[] = [];
  let refusals: string[] = [];
  const sockets = new Set<Socket>();
  const record = (request: IncomingMessage, upgrade: boolean): Received => {
    const { method = '', url = '', rawHeaders } = request;
    const markers = rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === markerField);
    const entry: Received = { markers, method, url, rawHeaders, body: [], whole: upgrade, upgrade };
    received.push(entry);
    return entry;
  };
  const server: Server = createServer({
    keepAliveTimeout: 60_000,
    headersTimeout: 0,
    requestTimeout: 0,
    maxHeaderSize: 128 * 1024,
    insecureHTTPParser: false,
  });
  server.maxHeadersCount = 0;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('request', (request, response) => {
    const entry = record(request, false);
    const behavior = request.headers[behaviorField] as Behavior | undefined;
    if (behavior === 'early') sendReply(response, behavior, entry);
    request.on('data', (chunk: Buffer) => entry.body.push(chunk));
    request.on('end', () => {
      entry.whole = true;
      // The first attempt fails. The second one must have the same bytes.
      if (behavior === 'flaky' && request.headers[attemptHeader] === '1') response.writeHead(503).end();
      else if (behavior !== 'early') sendReply(response, behavior ?? 'reply', entry);
    });
    request.on('error', () => {});
  });
  server.on('upgrade', (request, socket: Socket) => {
    record(request, true);
    socket.on('error', () => {});
    socket.end(
      `HTTP/1.1 400 Bad Request\r\n${markerField}: ${request.headers[markerField]}\r\nConnection: close\r\n\r\n`,
    );
  });
  server.on('connect', (_request, socket) => {
    refusals.push('CONNECT reached the upstream');
    socket.destroy();
  });
  server.on('checkContinue', (request, response) => {
    // A server that replies early does not want the body.
    if (request.headers[behaviorField] !== 'early') response.writeContinue();
    server.emit('request', request, response);
  });
  server.on('checkExpectation', (request, response) => {
    refusals.push('an expectation other than 100-continue reached the upstream');
    server.emit('request', request, response);
  });
  server.on('clientError', (error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket) => {
    if (!endings.has(error.code ?? '')) {
      refusals.push(
        `Node refused what the mesh sent: ${error.code} ${JSON.stringify(error.rawPacket?.toString('latin1').slice(0, 2000))}`,
      );
    }
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    take() {
      const taken = received;
      received = [];
      return taken;
    },
    takeRefusals() {
      const taken = refusals;
      refusals = [];
      return taken;
    },
    connections: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const largeTimes = 20_000;

/** The content of a reply with content, once or repeated: it names its request. */
export function contentFor(marker: string): string {
  return `the reply to ${marker}`;
}

function sendReply(response: ServerResponse, behavior: Behavior, { markers }: Received): void {
  const marker = markers[0] ?? 'none';
  const content = contentFor(marker);
  const length = { 'content-length': content.length };
  response.setHeader(markerField, marker);
  switch (behavior) {
    case 'chunked':
      response.write(content.slice(0, 5));
      response.end(content.slice(5));
      return;
    case 'large':
      response.end(content.repeat(largeTimes));
      return;
    case 'empty':
      response.writeHead(204).end();
      return;
    case 'not modified':
      response.writeHead(304, { etag: '"x"' }).end();
      return;
    case 'interim':
      // Only clients that expect 100 get it.
      response.writeContinue();
      response.writeProcessing();
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      response.writeHead(200, length).end(content);
      return;
    case 'close':
      response.writeHead(200, { connection: 'close' }).end(content);
      return;
    case 'early':
      response.writeHead(413, length).end(content);
      return;
    case 'trailers':
      response.write(content);
      response.addTrailers({ 'x-sum': '1' });
      response.end();
      return;
    default:
      response.writeHead(200, length).end(content);
  }
}
