import type { BackendTrafficPolicy } from '../config/policy-model.ts';
import type { Reply } from '../reply.ts';
import type { UpstreamRequest } from './request.ts';

/** What the policy of a service says of the connections to one endpoint. */
export interface ConnectionLimits {
  connectTimeoutMs: number;
  /** For the head of a reply, and between two pieces of its body; 0 for no limit. */
  idleTimeoutMs: number;
  /** An unused connection is closed after this, or a second before the server says it would. */
  keepAliveMs: number;
  /** Connections to one endpoint at most. */
  connectionsMax: number;
  /** A request waits so long for one of them to come free; then 503. */
  queueTimeoutMs: number;
  /** Sent with that 503, whole seconds. */
  retryAfterS: number;
}

export interface ConnectionOptions extends ConnectionLimits {
  /** Bytes of a reply's head at most. */
  headBytesMax: number;
}

/** The kept-alive connections to one endpoint. */
export interface Connections {
  send(exchange: UpstreamRequest): Promise<Reply>;
  /** No new requests; resolves when the last one under way has ended. */
  close(): Promise<void>;
  /** Breaks off whatever is under way. */
  destroy(): Promise<void>;
  /** Puts other limits in force, for connections that are open and requests that wait as well. */
  follow(policy: BackendTrafficPolicy): void;
  /** Whether one more request would have to wait until another one has ended. */
  readonly full: boolean;
  /** Open connections now, and requests waiting for one. */
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
