import type { Exchange } from '../exchange.ts';
import type { Reply } from '../reply.ts';
import { Pool } from './http1/pool.ts';

/** Limits of the connections to one endpoint. */
export interface ConnectionOptions {
  connectTimeoutMs: number;
  /** For the head of a reply, and between two pieces of its body; 0 for no limit. */
  idleTimeoutMs: number;
  /** An unused connection is closed after this, or a second before the server says it would. */
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
  return new Pool(host, port, options);
}
