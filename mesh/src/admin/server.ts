import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ControlError, controlStatus } from '../control/control-error.ts';
import type { Log } from '../log.ts';
import { visibleJson } from '../visible.ts';
import { callerFault } from './caller.ts';
import { type Access, allows, type Right } from './rights.ts';

/** Where an operation streams to. */
export interface AdminSink {
  write(text: string): void;
  /** Bytes written that are not sent yet. */
  waitingBytes(): number;
  /** Ends the stream. `cut`: without sending the bytes that wait. */
  end(cut: boolean): void;
}

/** The reply of an admin operation: `json`, or `text` with its media type, or a `stream`. */
export interface AdminReply {
  status?: number;
  headers?: Record<string, string>;
  json?: unknown;
  text?: { type: string; content: string };
  /** `start` is called once the head is sent. The function it returns is called when the reader has gone. */
  stream?: { type: string; start(sink: AdminSink): () => void };
}

export interface AdminRequest {
  /** Parameters of the path, as `name` in `/routes/:name/weights`. */
  params: Record<string, string>;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  /** Parsed JSON of a change; undefined where there is none. */
  body: unknown;
  /** Address of the caller. */
  peer: string;
}

/** One operation of the admin API. */
export interface Operation {
  methods: readonly ('GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE')[];
  /** `/routes/:name` */
  path: string;
  right: Right;
  /** Bytes of the longest body; 64 KiB if it is not said. */
  bodyBytesMax?: number;
  /** For the list at `/`. */
  summary: string;
  handle(request: AdminRequest): AdminReply | Promise<AdminReply>;
}

export interface AdminServer {
  listen(): Promise<number>;
  close(): Promise<void>;
}

/** The longest body of most changes, bytes. */
const usualBytesMax = 64 * 1024;

class AdminError extends Error {
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

/**
 * The admin port. Requests that a web page could make a browser send are refused before any operation (`callerFault`).
 * Changes must be JSON, which a browser does not send to another origin without a preflight.
 *
 * @param options.names host names of this port besides those of this machine
 */
export function adminServer(
  operations: readonly Operation[],
  options: { host: string; port: number; names: readonly string[]; access: Access; log: Log },
): AdminServer {
  const names = new Set([...options.names, options.host.toLowerCase()]);
  const compiled = operations.map((operation) => ({ operation, pattern: patternOf(operation.path) }));

  const replyTo = async (request: IncomingMessage): Promise<AdminReply> => {
    const fault = callerFault(request, names);
    if (fault !== null) throw new AdminError(fault.status, fault.detail);
    const url = targetOf(request.url ?? '/');
    const here = compiled.filter(({ pattern }) => pattern.test(url.pathname));
    if (here.length === 0) throw new AdminError(404, 'There is nothing here: GET / lists what there is.');
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
    const found = here.find(({ operation }) => (operation.methods as readonly string[]).includes(method));
    if (found === undefined) {
      const allowed = here.flatMap(({ operation }) => operation.methods).join(', ');
      throw new AdminError(405, `Only ${allowed} here.`);
    }
    const { operation, pattern } = found;
    if (!allows(options.access, operation.right, request.headers.authorization)) {
      throw new AdminError(
        401,
        `This needs a token with the right to ${operation.right} (${operation.right === 'lease' ? 'MESH_LEASE_TOKEN' : 'MESH_ADMIN_TOKEN'} of the mesh).`,
      );
    }
    const body = method === 'GET' ? undefined : await jsonBody(request, operation.bodyBytesMax ?? usualBytesMax);
    const params = decoded(pattern.exec(url.pathname)?.groups ?? {});
    const peer = request.socket.remoteAddress ?? '';
    return operation.handle({ params, query: url.searchParams, headers: request.headers, body, peer });
  };

  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    replyTo(request).then(
      (reply) => send(response, reply, request.method === 'HEAD'),
      (thrown) => send(response, refusalOf(thrown, options.log), false),
    );
  });

  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host: options.host, port: options.port }, () => {
          server.off('error', reject);
          resolve((server.address() as AddressInfo).port);
        });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function targetOf(target: string): URL {
  try {
    return new URL(target, 'http://admin');
  } catch {
    throw new AdminError(400, 'The request target is malformed.');
  }
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`);
}

function decoded(groups: Record<string, string>): Record<string, string> {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]));
  } catch {
    throw new AdminError(400, 'The path is not well encoded.');
  }
}

async function jsonBody(request: IncomingMessage, bodyBytesMax: number): Promise<unknown> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') throw new AdminError(415, 'A change is sent as application/json.');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > bodyBytesMax) throw new AdminError(413, `A change has ${bodyBytesMax} bytes at most.`);
    chunks.push(chunk);
  }
  if (bytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new AdminError(400, 'The body is not JSON.');
  }
}

function refusalOf(thrown: unknown, log: Log): AdminReply {
  if (thrown instanceof ControlError) {
    const status = controlStatus[thrown.code];
    return { status, json: { errors: thrown.details.map((detail) => ({ status, title: thrown.code, detail })) } };
  }
  if (thrown instanceof AdminError) {
    const { status } = thrown;
    return { status, json: { errors: [{ status, title: 'Refused', detail: thrown.message }] } };
  }
  log.error({ err: thrown }, 'admin request failed');
  return { status: 500, json: { errors: [{ status: 500, title: 'Internal Server Error', detail: 'See the log.' }] } };
}

function send(response: ServerResponse, reply: AdminReply, head: boolean): void {
  if (reply.stream !== undefined && !head) {
    stream(response, reply, reply.stream);
    return;
  }
  const content = reply.text?.content ?? `${visibleJson(reply.json ?? {}, 2)}\n`;
  response.writeHead(reply.status ?? 200, {
    'content-type': reply.text?.type ?? 'application/json',
    'content-length': Buffer.byteLength(content),
    'cache-control': 'no-store',
    ...reply.headers,
  });
  response.end(content);
}

function stream(response: ServerResponse, reply: AdminReply, { type, start }: NonNullable<AdminReply['stream']>): void {
  if (response.destroyed) return;
  response.writeHead(reply.status ?? 200, { 'content-type': type, 'cache-control': 'no-store', ...reply.headers });
  response.flushHeaders();
  const stop = start({
    write: (text) => {
      if (!response.destroyed) response.write(text);
    },
    waitingBytes: () => response.writableLength,
    end: (cut) => {
      if (cut) response.destroy();
      else response.end();
    },
  });
  response.on('close', stop);
}
