import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../clock.ts';
import { type FailureCode, failures, MeshError } from '../errors.ts';
import { type Entrance, Exchange, type Facts, type Upgrade } from '../exchange.ts';
import type { Handler } from '../layer.ts';
import { askHalfClosed } from './half-closed.ts';
import { linger, lingerAtEnd } from './linger.ts';
import { answerOnSocket, refusalText } from './raw-writer.ts';
import { RequestBody } from './request-body.ts';
import { type RequestHead, readHead } from './request-head.ts';
import { upgradeSockets } from './upgrade-sockets.ts';
import { ResponseWriter } from './writer.ts';

/** Limits that hold before anything is known of a request. */
export interface ListenerLimits {
  /** Bytes of a request's head at most (431). */
  headBytesMax: number;
  /** From the first byte of a connection, or of a next request, to the end of the head (408). */
  headTimeoutMs: number;
  /** A connection on which nothing moves in either direction for this long is closed. */
  idleTimeoutMs: number;
  /** An unused kept-alive connection is closed after this. */
  keepAliveMs: number;
}

export interface ListenerOptions {
  entrance: Entrance;
  host: string;
  port: number;
  /** Whether another process may listen there too (SO_REUSEPORT): for a successor, while this one drains. */
  reusePort?: boolean;
  limits: ListenerLimits;
  clock: Clock;
  newId: () => string;
  /** Asked for each request, so that a request is handled from its start to its end by the stack of its start. */
  handler: () => Handler;
  /** A connection was refused before a request could be made out. */
  onRefused: (entrance: Entrance, code: FailureCode) => void;
}

/** One listening port of the data plane. */
export interface Listener {
  readonly entrance: Entrance;
  /** Resolves with the port once connections are accepted. @throws the system's error, for example EADDRINUSE. */
  listen(): Promise<number>;
  /** Exchanges under way, tunnels included. */
  inFlight(): number;
  /** Connections open. */
  connections(): number;
  /**
   * Accepts no connection more, and tells each client with its next reply to use another one (`Connection: close`). A
   * connection that nobody uses is closed after `idleMs`, and not at once: a request may be on its way to it (RFC 9112
   * section 9.6). Resolves when the last exchange has ended, or after `timeoutMs`, when the rest is cut.
   */
  drain(timeoutMs: number, idleMs?: number): Promise<void>;
}

/** A request whose answer has not ended. */
interface Pending {
  response: ServerResponse;
  exchange: Exchange;
  /** Where the next request on its connection would begin is not known. */
  last: boolean;
  /** The answer is over, whole or not. Harmless to repeat. */
  settle: () => void;
}

/** What is under way on one connection. */
interface Client {
  /** In the order of their requests. */
  pending: Pending[];
  /** A request on it was refused: what comes after is not read as requests. */
  refused: boolean;
  /** Called when one of `pending` has ended. */
  onAnswered: (() => void) | null;
}

/** The client of an upgrade or of HTTP/1.0 without Host still has to be named in the log. */
const nowhere: RequestHead = { path: '/', authority: '', headers: [], framing: { kind: 'none' } };

export function createListener(options: ListenerOptions): Listener {
  const { entrance, limits, clock } = options;
  let inFlight = 0;
  let open = 0;
  let draining = false;
  /** While it drains: called whenever an exchange or a connection has ended. */
  let onEnded: (() => void) | null = null;
  const tunnels = new Set<Duplex>();
  const clients = new WeakMap<Duplex, Client>();
  const clientOf = (socket: Duplex): Client => {
    let client = clients.get(socket);
    if (client === undefined) {
      client = { pending: [], refused: false, onAnswered: null };
      clients.set(socket, client);
    }
    return client;
  };

  const ended = () => {
    inFlight -= 1;
    onEnded?.();
  };

  const factsOf = (request: IncomingMessage): Facts => ({
    id: options.newId(),
    entrance,
    clientAddress: request.socket.remoteAddress ?? '',
    startedAtMs: clock.now(),
    failure: null,
    flags: [],
    attempts: 0,
    endpoint: null,
    bytesReceived: 0,
    span: null,
  });

  const onRequest = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean) => {
    const client = clientOf(request.socket);
    // Node hands over what stands behind a refused head too, and where that begins is what was not certain.
    if (client.refused) {
      request.resume();
      return;
    }
    inFlight += 1;
    const facts = factsOf(request);
    let head = nowhere;
    let refused: MeshError | null = null;
    try {
      head = readHead(request);
    } catch (thrown) {
      refused = thrown as MeshError;
      client.refused = true;
      lingerAtEnd(request.socket, clock);
    }
    const { framing } = head;
    const body =
      framing.kind === 'none'
        ? null
        : new RequestBody(
            request,
            response,
            facts,
            framing.kind === 'length' ? framing.bytes : null,
            expectsContinue,
            clock,
          );
    const exchange = new Exchange({
      facts,
      method: request.method ?? 'GET',
      path: head.path,
      authority: head.authority,
      headers: head.headers,
      body,
      refused,
    });
    const settle = () => {
      const at = client.pending.indexOf(pending);
      if (at < 0) return;
      client.pending.splice(at, 1);
      ended();
      if (!response.writableFinished) exchange.abort(clientClosed());
      client.onAnswered?.();
    };
    const pending: Pending = { response, exchange, last: refused !== null, settle };
    client.pending.push(pending);
    response.on('close', settle);
    void answer(pending, body);
  };

  const answer = async (pending: Pending, body: RequestBody | null) => {
    const { exchange, response } = pending;
    try {
      const reply = await options.handler()(exchange);
      if (response.destroyed) {
        reply.body.discard();
        return;
      }
      // A client still waiting for "100 Continue" may or may not send its body now: only a new connection is unambiguous.
      const unwanted = body !== null && (body.awaited || body.tooLongToReadAway);
      if (unwanted) lingerAtEnd(response.req.socket, clock);
      new ResponseWriter(response).send(reply, pending.last || draining || unwanted);
      if (body !== null && exchange.body !== null) response.on('finish', () => body.cancel());
    } catch {
      // The layer `rescue` answers failures; what gets here is a defect of ours, and the client must not wait for it.
      response.destroy();
    }
  };

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const client = clientOf(socket);
    // Node gives the connection away at once, and the answers before would meet another protocol on it.
    if (client.refused || client.pending.length > 0) {
      socket.destroy();
      return;
    }
    inFlight += 1;
    tunnels.add(socket);
    const facts = factsOf(request);
    let requestHead = nowhere;
    let refused: MeshError | null = null;
    try {
      requestHead = readHead(request);
      if (requestHead.framing.kind !== 'none') throw new MeshError('bad_request', 'An upgrade must not have a body.');
    } catch (thrown) {
      refused = thrown as MeshError;
    }
    const upgrade: Upgrade = { protocol: 'websocket' };
    upgradeSockets.set(upgrade, { request, socket, head });
    const exchange = new Exchange({
      facts,
      method: request.method ?? 'GET',
      path: requestHead.path,
      authority: requestHead.authority,
      headers: requestHead.headers,
      body: null,
      upgrade,
      refused,
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      tunnels.delete(socket);
      ended();
      exchange.abort(clientClosed());
    });
    options
      .handler()(exchange)
      .then(
        (reply) => {
          if (!reply.tunnelled) answerOnSocket(socket, reply);
        },
        () => socket.destroy(),
      );
  };

  const server: Server = createServer({
    maxHeaderSize: limits.headBytesMax,
    headersTimeout: limits.headTimeoutMs,
    // A slow upload is bounded by its idle time, not by its whole length.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.max(50, Math.min(1000, limits.headTimeoutMs / 4)),
    keepAliveTimeout: limits.keepAliveMs,
    requireHostHeader: false,
    insecureHTTPParser: false,
    noDelay: true,
    // Anything else that a client would like to upgrade to is answered as the plain request that it also is.
    shouldUpgradeCallback: (request: IncomingMessage) =>
      request.method === 'GET' && request.headers.upgrade?.toLowerCase() === 'websocket',
  } as Parameters<typeof createServer>[0]);
  // Else Node takes a client that has closed its side for gone, and drops its answers.
  (server as { httpAllowHalfOpen?: boolean }).httpAllowHalfOpen = true;
  server.timeout = limits.idleTimeoutMs;
  // Node would drop what is above its own limit without a word; readHead refuses it.
  server.maxHeadersCount = 0;
  server.on('connection', (socket: Socket) => {
    // Asked for now, the address stays known when the client has gone. Who has gone already has none, and waits for nothing.
    if (socket.remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    open += 1;
    socket.on('end', () => {
      const { pending } = clientOf(socket);
      if (pending.length > 0) askHalfClosed(socket, () => pending[0]?.response ?? null, clock);
    });
    socket.once('close', () => {
      open -= 1;
      // Node tells a response only while its turn has come: those behind it, of pipelined requests, would never end.
      for (const { settle } of clients.get(socket)?.pending.slice() ?? []) settle();
      onEnded?.();
    });
  });
  server.on('request', (request, response) => onRequest(request, response, false));
  server.on('checkContinue', (request, response) => onRequest(request, response, true));
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const client = clientOf(request.socket);
    if (client.refused) {
      request.resume();
      return;
    }
    client.refused = true;
    lingerAtEnd(request.socket, clock);
    const body = JSON.stringify({
      errors: [{ status: 417, title: 'Expectation Failed', detail: 'Only 100-continue can be expected here.' }],
    });
    response.writeHead(417, { 'content-type': 'application/json', connection: 'close' }).end(body);
  });
  server.on('connect', (_request, socket: Socket) => {
    const client = clientOf(socket);
    socket.on('error', () => socket.destroy());
    // Node gives the connection away at once: answers that are still to come would be taken for that to CONNECT.
    if (client.refused || client.pending.length > 0) {
      socket.destroy();
      return;
    }
    options.onRefused(entrance, 'not_implemented');
    socket.write(refusalOf('not_implemented', 'CONNECT is not served here.'), 'latin1');
    linger(socket, clock);
  });
  server.on('upgrade', onUpgrade);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const code = codeOfClientError(error);
    if (code === null || !socket.writable || socket.destroyed) {
      socket.destroy();
      return;
    }
    const client = clientOf(socket);
    if (client.refused) return;
    client.refused = true;
    // Closed within a body: what came before could be answered, but a client that says half a request has mostly gone.
    if (error.code === 'HPE_INVALID_EOF_STATE' && client.pending.at(-1)?.response.req.complete === false) {
      client.pending.at(-1)?.exchange.abort(clientClosed());
      socket.destroy();
      return;
    }
    options.onRefused(entrance, code);
    const read = client.pending.at(-1);
    const inBody = read !== undefined && !read.response.req.complete;
    // Answers are taken in the order of the requests: a refusal must not be read as the answer to an earlier one.
    const answered = () => {
      if (client.pending.length > 0) return;
      client.onAnswered = null;
      if (!socket.writable) {
        socket.destroy();
        return;
      }
      if (!inBody) socket.write(refusalOf(code, detailOfClientError[code] ?? 'The request is not HTTP/1.1.'), 'latin1');
      linger(socket as Socket, clock);
    };
    client.onAnswered = answered;
    // Within a body it is that request that is refused. Behind it, one that has no response yet.
    if (inBody) {
      read.last = true;
      lingerAtEnd(socket as Socket, clock);
      read.exchange.abort(new MeshError(code, detailOfClientError[code] ?? 'The request body is malformed.'));
    }
    answered();
  });

  return {
    entrance,
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host: options.host, port: options.port, reusePort: options.reusePort ?? false }, () => {
          server.off('error', reject);
          resolve((server.address() as AddressInfo).port);
        });
      }),
    inFlight: () => inFlight,
    connections: () => open,
    drain: (timeoutMs, idleMs = 0) =>
      new Promise((resolve) => {
        draining = true;
        let patient = idleMs > 0;
        const finish = () => {
          onEnded = null;
          cancelPatience();
          cancelCut();
          server.close();
          server.closeAllConnections();
          for (const socket of tunnels) socket.destroy();
          resolve();
        };
        const look = () => {
          if (inFlight === 0 && (open === 0 || !patient)) finish();
        };
        const cancelCut = clock.after(timeoutMs, finish);
        const cancelPatience = clock.after(idleMs, () => {
          patient = false;
          server.closeIdleConnections();
          look();
        });
        // The server's own `close` would end idle connections at once.
        NetServer.prototype.close.call(server);
        onEnded = look;
        look();
      }),
  };
}

function clientClosed(): MeshError {
  return new MeshError('client_closed', 'The client closed the connection.', { delivery: 'maybe_sent' });
}

function refusalOf(code: FailureCode, detail: string): string {
  const { status, title } = failures[code];
  return refusalText(status, title, detail);
}

const detailOfClientError: Partial<Record<FailureCode, string>> = {
  headers_too_large: 'The header fields are too large.',
  client_stalled: 'The request head did not come in time.',
};

/** Null for a connection that is simply gone: there is nobody to answer. */
function codeOfClientError(error: NodeJS.ErrnoException): FailureCode | null {
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return null;
  if (error.code === 'HPE_HEADER_OVERFLOW') return 'headers_too_large';
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'client_stalled';
  return 'bad_request';
}
