import { Pool } from 'undici';
import type { Exchange } from '../exchange.ts';
import type { Reply } from '../reply.ts';
import { BodyFeed } from './body-feed.ts';
import { Call } from './call.ts';

/** Limits of the connections to one endpoint. */
export interface ConnectionOptions {
  connectTimeoutMs: number;
  /** For the head of a reply, and between two pieces of its body; 0 for no limit. */
  idleTimeoutMs: number;
  /** An unused connection is closed after this, or a second or two before the server says it would. */
  keepAliveMs: number;
  /** Connections to one endpoint at most. */
  connectionsMax: number;
  /** Bytes of a reply's head at most. */
  headBytesMax: number;
}

/** The kept-alive connections to one endpoint. */
export interface Connections {
  send(exchange: Exchange): Promise<Reply>;
  /** No new requests; resolves when the last one under way has ended. */
  close(): Promise<void>;
  /** Breaks off whatever is under way. */
  destroy(): Promise<void>;
  /** Open connections now, and requests waiting for one. */
  stats(): { open: number; queued: number };
}

/** Connections to `http://host:port`. */
export function connectionsTo(host: string, port: number, options: ConnectionOptions): Connections {
  const hostname = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  const pool = new Pool(`http://${hostname}:${port}`, {
    connections: options.connectionsMax,
    pipelining: 1,
    allowH2: false,
    connect: { timeout: options.connectTimeoutMs, noDelay: true },
    headersTimeout: options.idleTimeoutMs,
    bodyTimeout: options.idleTimeoutMs,
    keepAliveTimeout: options.keepAliveMs,
    maxHeaderSize: options.headBytesMax,
  });
  return {
    send(exchange) {
      const { body } = exchange;
      const headers = ['host', exchange.authority, ...exchange.headers];
      if (body !== null && body.length !== null) headers.push('content-length', String(body.length));
      return new Call(exchange).start((handler) =>
        pool.dispatch(
          {
            path: exchange.path,
            method: exchange.method as 'GET',
            headers,
            // A stream to undici, though not one to TypeScript: see BodyFeed.
            body: body === null ? null : (new BodyFeed(body) as unknown as NodeJS.ReadableStream as never),
            // undici closes the connection after methods it expects no payload from; a delimited body does not ask for that.
            ...(body === null ? {} : { reset: false }),
          },
          handler,
        ),
      );
    },
    close: () => pool.close(),
    destroy: () => pool.destroy(),
    stats: () => ({ open: pool.stats.connected, queued: pool.stats.queued }),
  };
}
