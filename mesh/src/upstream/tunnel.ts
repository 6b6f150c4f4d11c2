import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import HttpProxy from 'http-proxy';
import type { Endpoint } from '../discovery/endpoint.ts';
import { MeshError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { type Headers, withoutHopByHop } from '../headers.ts';
import type { BodyEnd, ClientSink, Reply, ReplyBody } from '../reply.ts';
import { upgradeSockets } from '../server/upgrade-sockets.ts';
import { upstreamFailure } from './failures.ts';

const proxy = HttpProxy.createProxyServer({});

/**
 * Joins the client's connection to one of the endpoint's (WebSocket). Resolves when the upstream has answered: with a
 * tunnelled reply once the two connections are one, with an ordinary reply where the upstream refuses.
 *
 * http-proxy does the splice. What it does badly is done here instead: a refusal (it forwards the transfer coding but
 * not the coded body), an error (it ends the client's connection before anybody can answer), and the upstream connection
 * of a client that leaves (it would stay).
 */
export function tunnel(exchange: Exchange, endpoint: Endpoint, connectTimeoutMs = 1000): Promise<Reply> {
  const sockets = exchange.upgrade === null ? undefined : upgradeSockets.get(exchange.upgrade);
  if (sockets === undefined) return Promise.reject(new Error('An upgrade has lost its connection.'));
  const { request, socket, head } = sockets;

  return new Promise((resolve, reject) => {
    let upstream: ClientRequest | null = null;
    const capture = (made: ClientRequest, _request: IncomingMessage, of: Duplex) => {
      if (of !== socket) return;
      upstream = made;
      // http-proxy joins paths and squeezes slashes; what was routed on is what is sent.
      made.path = exchange.path;
    };
    proxy.on('proxyReqWs', capture as never);
    proxy.ws(withHeaders(request, exchange), socket as never, head, {
      target: { protocol: 'http:', host: endpoint.host, port: endpoint.port, hostname: endpoint.host } as never,
    });
    proxy.off('proxyReqWs', capture as never);
    const call = upstream as ClientRequest | null;
    if (call === null) {
      reject(new MeshError('bad_request', 'Only WebSocket upgrades are passed on.'));
      return;
    }
    call.removeAllListeners('error');
    call.removeAllListeners('response');

    const connecting = setTimeout(
      () => call.destroy(new MeshError('connect_timeout', 'The service did not accept a connection in time.')),
      connectTimeoutMs,
    );
    let connected = false;
    call.once('socket', (upstreamSocket) =>
      upstreamSocket.once('connect', () => {
        connected = true;
        clearTimeout(connecting);
      }),
    );
    const giveUp = (error: MeshError) => call.destroy(error);
    exchange.onAbort(giveUp);
    call.on('error', (thrown) => {
      clearTimeout(connecting);
      reject(exchange.aborted ?? upstreamFailure(thrown, connected));
    });
    call.on('response', (response) => {
      clearTimeout(connecting);
      resolve(refusal(response));
    });
    // After http-proxy's own listener, which has joined the two by then.
    call.on('upgrade', (response: IncomingMessage, upstreamSocket: Duplex) => {
      exchange.offAbort(giveUp);
      socket.once('close', () => upstreamSocket.destroy());
      upstreamSocket.once('close', () => socket.end());
      resolve(joined(response, socket));
    });
  });
}

/** The request as http-proxy looks at it: with the fields that the layers have left, and those that make it an upgrade. */
function withHeaders(request: IncomingMessage, exchange: Exchange): IncomingMessage {
  const headers: Record<string, string | string[]> = {};
  for (let i = 0; i < exchange.headers.length; i += 2) {
    const name = exchange.headers[i] as string;
    const value = exchange.headers[i + 1] as string;
    const known = headers[name];
    headers[name] = known === undefined ? value : Array.isArray(known) ? [...known, value] : [known, value];
  }
  headers.host = exchange.authority;
  headers.connection = 'Upgrade';
  headers.upgrade = exchange.upgrade?.protocol ?? 'websocket';
  return Object.create(request, {
    headers: { value: headers },
    url: { value: '/' },
  }) as IncomingMessage;
}

function headersOf(response: IncomingMessage): Headers {
  const lower = response.rawHeaders.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text));
  return withoutHopByHop(lower);
}

/** Calls its listeners once. */
class Ending {
  #end: BodyEnd | null = null;
  readonly #listeners: ((end: BodyEnd) => void)[] = [];

  readonly onEnd = (listener: (end: BodyEnd) => void): void => {
    if (this.#end === null) this.#listeners.push(listener);
    else listener(this.#end);
  };

  finish(bytes: number, error: MeshError | null): void {
    if (this.#end !== null) return;
    this.#end = { bytes, error };
    for (const listener of this.#listeners) listener(this.#end);
  }
}

function joined(response: IncomingMessage, socket: Duplex): Reply {
  const ending = new Ending();
  socket.once('close', () => ending.finish((socket as { bytesWritten?: number }).bytesWritten ?? 0, null));
  const body: ReplyBody = {
    length: null,
    pipeTo: () => {},
    discard: () => socket.destroy(),
    onEnd: ending.onEnd,
  };
  return { status: response.statusCode ?? 101, headers: headersOf(response), body, tunnelled: true };
}

function refusal(response: IncomingMessage): Reply {
  const ending = new Ending();
  let bytes = 0;
  let sink: ClientSink | null = null;
  response.on('close', () => {
    const error = response.complete ? null : upstreamFailure(response.errored, true);
    if (error !== null) sink?.fail(error);
    ending.finish(bytes, error);
  });
  const body: ReplyBody = {
    length: null,
    pipeTo(client) {
      sink = client;
      client.onWritable(() => response.resume());
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.byteLength;
        if (!client.write(chunk)) response.pause();
      });
      response.on('end', () => client.end(null, []));
    },
    discard: () => response.destroy(),
    onEnd: ending.onEnd,
  };
  return { status: response.statusCode ?? 502, headers: headersOf(response), body, tunnelled: false };
}
