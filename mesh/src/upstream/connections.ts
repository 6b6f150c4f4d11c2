import type { BackendTrafficPolicy } from '../config/policy-model.ts';
import type { Reply } from '../reply.ts';
import type { UpstreamRequest } from './request.ts';

/** A service's policy for the connections to one endpoint. */
export interface ConnectionLimits {
  connectTimeoutMs: number;
  /** Time limit for the head of a reply, and between two pieces of its body; 0 for no limit. */
  idleTimeoutMs: number;
  /** An unused connection is closed after this, or a second before the server's announced timeout. */
  keepAliveMs: number;
  /** Maximum number of connections to one endpoint. */
  connectionsMax: number;
  /** How long a request may wait for a connection. Then it gets 503. */
  queueTimeoutMs: number;
  /** The Retry-After of that 503, whole seconds. */
  retryAfterS: number;
}

export interface ConnectionOptions extends ConnectionLimits {
  /** Maximum size of a reply's head in bytes. */
  headBytesMax: number;
}

/** The kept-alive connections to one endpoint. */
export interface Connections {
  send(exchange: UpstreamRequest): Promise<Reply>;
  /** Takes no new requests. Resolves when the last one in flight has ended. */
  close(): Promise<void>;
  /** Aborts all requests in flight. */
  destroy(): Promise<void>;
  /** Applies new limits, also to open connections and waiting requests. */
  follow(policy: BackendTrafficPolicy): void;
  /** Whether a new request would have to wait for another one to end. */
  readonly full: boolean;
  /** The number of open connections and of waiting requests. */
  stats(): { open: number; queued: number };
}

export function limitsOf({ timeouts, limits }: BackendTrafficPolicy): ConnectionLimits {
  const { connectMs, idleMs, keepAliveMs } = timeouts;
  const { maxConnections, queueTimeoutMs, retryAfterS } = limits;
  return {
    connectTimeoutMs: connectMs,
    idleTimeoutMs: idleMs,
    keepAliveMs,
    connectionsMax: maxConnections,
    queueTimeoutMs,
    retryAfterS,
  };
}
