import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { defaults } from '../config/defaults.ts';
import type { ConnectionTimeouts } from '../config/policy-model.ts';
import { MeshError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { type Headers, headerValues, withoutHopByHop } from '../headers.ts';
import type { BodyEnd, ClientSink, Reply, ReplyBody } from '../reply.ts';
import { upgradeSockets } from '../server/upgrade-sockets.ts';
import { upstreamFailure } from './failures.ts';

/** The interval of TCP probes on a silent tunnel, which has no other limit on silence. */
const keepAliveProbeMs = 60_000;

/**
 * Joins the client's connection to a connection to the endpoint (WebSocket). Resolves when the upstream has replied:
 * with a tunneled reply once the two connections are joined, and with an ordinary reply if the upstream refuses. Bytes
 * that the client sends behind its request wait until the upstream has agreed to switch, because it would read them as
 * HTTP before.
 *
 * Until the connections are joined, `timeouts.idleMs` bounds the silence of the upstream, also in the body of a
 * refusal.
 */
export function tunnel(
  exchange: Exchange,
  endpoint: { readonly host: string; readonly port: number },
  timeouts: Pick<ConnectionTimeouts, 'connectMs' | 'idleMs'> = {
    connectMs: defaults.connectTimeoutMs,
    idleMs: defaults.idleTimeoutMs,
  },
): Promise<Reply> {
  const { upgrade } = exchange;
  const client = upgrade === null ? undefined : upgradeSockets.get(upgrade);
  if (upgrade === null || client === undefined) {
    return Promise.reject(new Error('An upgrade has lost its connection.'));
  }

  return new Promise((resolve, reject) => {
    let call: ClientRequest;
    try {
      call = httpRequest({
        host: endpoint.host,
        port: endpoint.port,
        method: exchange.method,
        path: exchange.path,
        headers: [
          'host',
          exchange.authority,
          ...exchange.headers,
          'connection',
          'Upgrade',
          'upgrade',
          upgrade.protocol,
        ] as never,
        agent: false,
      });
    } catch (thrown) {
      reject(upstreamFailure(thrown, false));
      return;
    }
    let connected = false;
    const connecting = setTimeout(
      () => call.destroy(new MeshError('connect_timeout', 'The service did not accept a connection in time.')),
      timeouts.connectMs,
    );
    // Counted from when the connection is open. `joined` removes the limit.
    call.setTimeout(timeouts.idleMs);
    call.on('timeout', () => call.destroy(silent()));
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
      exchange.offAbort(giveUp);
      reject(exchange.aborted ?? upstreamFailure(thrown, connected));
    });
    call.on('response', (response) => {
      exchange.offAbort(giveUp);
      call.removeAllListeners('timeout');
      resolve(refusal(exchange, response, timeouts.idleMs));
    });
    call.on('upgrade', (response: IncomingMessage, upstreamSocket: Socket, upstreamHead: Buffer) => {
      exchange.offAbort(giveUp);
      if (!switchedTo(response, upgrade.protocol)) {
        upstreamSocket.destroy();
        reject(
          new MeshError('upstream_garbage', 'The service switched to a protocol that the client did not ask for.', {
            delivery: 'maybe_sent',
          }),
        );
        return;
      }
      const taken = client.take();
      if (taken === null) {
        upstreamSocket.destroy();
        reject(new MeshError('client_closed', 'The client closed the connection.', { delivery: 'maybe_sent' }));
        return;
      }
      resolve(joined(response, taken.socket, taken.head, upstreamSocket, upstreamHead));
    });
    call.end();
  });
}

function silent(): MeshError {
  return new MeshError('upstream_idle', 'The service stopped sending.', {
    delivery: 'maybe_sent',
    cause: { code: 'UPSTREAM_SILENT' },
  });
}

function switchedTo(response: IncomingMessage, protocol: string): boolean {
  const named = headerValues(lowerCased(response.rawHeaders), 'upgrade');
  return response.statusCode === 101 && named.join().trim().toLowerCase() === protocol;
}

function lowerCased(raw: readonly string[]): Headers {
  return raw.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text));
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

/** Joins two connections: bytes, back-pressure and ends pass both ways. */
function joined(
  response: IncomingMessage,
  client: Socket,
  clientHead: Buffer,
  upstream: Socket,
  upstreamHead: Buffer,
): Reply {
  const lines = [`HTTP/1.1 101 ${response.statusMessage ?? ''}`];
  const { rawHeaders } = response;
  for (let i = 0; i < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  client.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  if (upstreamHead.length > 0) client.write(upstreamHead);
  if (clientHead.length > 0) upstream.write(clientHead);
  for (const [socket, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    socket.setTimeout(0);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveProbeMs);
    socket.on('error', () => socket.destroy());
    // The last bytes of the other side still go out. Later bytes have no destination.
    socket.once('close', () => other.destroySoon());
    socket.pipe(other);
  }
  // The client may have closed while the upstream decided. That event is not repeated.
  if (client.destroyed) upstream.destroy();

  const ending = new Ending();
  const finish = () => ending.finish(client.bytesWritten, null);
  if (client.destroyed) finish();
  else client.once('close', finish);
  const body: ReplyBody = {
    length: null,
    pipeTo: () => {},
    discard: () => client.destroy(),
    onEnd: ending.onEnd,
  };
  return { status: 101, headers: withoutHopByHop(lowerCased(rawHeaders)), body, tunneled: true };
}

/** An ordinary reply to an upgrade request. Silence and cancelation bound it like any other reply. */
function refusal(exchange: Exchange, response: IncomingMessage, idleMs: number): Reply {
  const ending = new Ending();
  let bytes = 0;
  let sink: ClientSink | null = null;
  let brokenOff: MeshError | null = null;
  let discarded = false;
  const breakOff = (error: MeshError) => {
    brokenOff = error;
    response.destroy();
  };
  exchange.onAbort(breakOff);
  response.setTimeout(idleMs, () => {
    // A client that does not read is not silence of the upstream.
    if (!response.isPaused()) breakOff(silent());
  });
  response.on('close', () => {
    exchange.offAbort(breakOff);
    const whole = response.complete || discarded;
    const error = whole ? null : (brokenOff ?? upstreamFailure(response.errored, true));
    if (error !== null) sink?.fail(error);
    ending.finish(bytes, error);
  });
  const body: ReplyBody = {
    length: null,
    pipeTo(client) {
      sink = client;
      client.onWritable(() => {
        response.socket.setTimeout(idleMs);
        response.resume();
      });
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.byteLength;
        if (!client.write(chunk)) response.pause();
      });
      response.on('end', () => client.end(null, []));
    },
    discard: () => {
      discarded = true;
      response.destroy();
    },
    onEnd: ending.onEnd,
  };
  return {
    status: response.statusCode ?? 502,
    headers: withoutHopByHop(lowerCased(response.rawHeaders)),
    body,
    tunneled: false,
  };
}
