import type { Readable } from 'node:stream';
import { errors, Pool } from '../../vendor/undici.ts';
import { ServiceError } from '../service/errors.ts';
import { type OpenSpan, processSpans, type Spans } from './spans.ts';
import { retryableHeader, type TraceContext } from './trace.ts';

/**
 * How long the caller waits, in whole milliseconds from the request's arrival. The value is relative because clocks
 * differ. The mesh shortens it at every hop, refuses requests that have expired and cancels those that expire on the
 * way.
 */
export const timeoutHeader = 'x-request-timeout-ms';

/**
 * When the caller of a request stops waiting, in monotonic ms. Undefined if the header is missing or malformed. The
 * smallest of several values counts.
 *
 * @param value of the header {@link timeoutHeader}
 * @param arrivedAtMs `performance.now()` when the request arrived
 */
export function deadlineOf(value: string | string[] | undefined, arrivedAtMs: number): number | undefined {
  const given = String(value ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => /^\d{1,9}$/.test(part));
  return given.length === 0 ? undefined : arrivedAtMs + Math.min(...given.map(Number));
}

export interface MeshRequest {
  /** The service's name in the mesh; sent as Host. */
  service: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Includes the query. */
  path: string;
  headers?: Record<string, string>;
  body?: string;
  /** Trace of the request that caused this one. */
  trace?: TraceContext;
  /** Limit for the whole exchange, body included. Default: the client's. */
  timeoutMs?: number;
  /** When the original caller stops waiting (`deadlineOf`). The request ends then at the latest. */
  deadlineAtMs?: number;
}

export interface MeshReply {
  status: number;
  text: string;
  /**
   * False if the request was retried by the mesh or must not be retried. Pass it on in the resulting `ServiceError`.
   */
  retryable: boolean;
  /** Fields of the head, by their name in lower case. */
  headers?: Readonly<Record<string, string | string[] | undefined>>;
}

export interface MeshClient {
  /**
   * Sends one request to another service through the mesh and reads the whole reply, whatever its status.
   *
   * The client has no retries and no breakers. The mesh has both, and retries at two levels multiply.
   *
   * @throws ServiceError `peer_timeout` when the time is over, `peer_unavailable` when there is no usable reply
   */
  send(request: MeshRequest): Promise<MeshReply>;
  close(): Promise<void>;
}

/** A request whose body is too long for memory. */
export interface StreamedRequest extends Omit<MeshRequest, 'body'> {
  body?: Readable;
}

/** A reply whose body the caller reads to its end, or destroys. */
export interface StreamedReply {
  status: number;
  body: Readable;
}

export interface StreamingMeshClient extends MeshClient {
  /**
   * As `send`, with bodies that are streams. Resolves when the head of the reply is there.
   *
   * @throws ServiceError as `send`. What fails later is an error of the body
   */
  stream(request: StreamedRequest): Promise<StreamedReply>;
}

export interface MeshClientOptions {
  /** The mesh's address for calls between services, such as http://mesh:4140. */
  meshUrl: string;
  timeoutMs?: number;
  /** A longer reply is refused. */
  maxReplyBytes?: number;
  maxConnections?: number;
  spans?: Spans;
}

export function openMeshClient(options: MeshClientOptions): StreamingMeshClient {
  const { timeoutMs: defaultTimeoutMs = 5_000, maxReplyBytes = 1_048_576, maxConnections = 32 } = options;
  const { spans = processSpans } = options;
  const pool = new Pool(options.meshUrl, { connections: maxConnections, connect: { timeout: defaultTimeoutMs } });

  const request = async (
    { service, method, path, headers, trace, timeoutMs = defaultTimeoutMs, deadlineAtMs }: Omit<MeshRequest, 'body'>,
    body: string | Readable | undefined,
    span: OpenSpan | null,
  ) => {
    const leftMs = Math.min(timeoutMs, Math.floor((deadlineAtMs ?? Number.POSITIVE_INFINITY) - performance.now()));
    if (leftMs <= 0) {
      throw new ServiceError('peer_timeout', { detail: `There was no time left to call the ${service} service` });
    }
    return pool.request({
      method,
      path,
      headers: {
        ...trace,
        ...(span && { traceparent: span.traceparent }),
        ...headers,
        host: service,
        [timeoutHeader]: String(leftMs),
      },
      body: body ?? null,
      signal: AbortSignal.timeout(leftMs),
    });
  };

  /** One call with its span, which ends with the status of the reply or the code of the error. */
  const traced = async <Reply extends { status: number }>(
    head: Omit<MeshRequest, 'body'>,
    call: (span: OpenSpan | null) => Promise<Reply>,
  ): Promise<Reply> => {
    const span = spans.begin('client', head.trace?.traceparent);
    const end = ended(span, head);
    try {
      const reply = await call(span);
      end(reply.status);
      return reply;
    } catch (thrown) {
      const error = peerError(head.service, thrown);
      end(error.code);
      throw error;
    }
  };

  return {
    send: ({ body, ...head }) =>
      traced(head, async (span) => {
        const reply = await request(head, body, span);
        const { headers } = reply;
        const retryable = headers[retryableHeader] !== 'false';
        return { status: reply.statusCode, text: await bounded(reply.body, maxReplyBytes), retryable, headers };
      }),
    stream: ({ body, ...head }) =>
      traced(head, async (span) => {
        const reply = await request(head, body, span);
        return { status: reply.statusCode, body: reply.body };
      }),
    close: () => pool.close(),
  };
}

/** Ends the span of a call with the status of its reply, or with the code of its failure. */
function ended(span: OpenSpan | null, { service, method, path }: Pick<MeshRequest, 'service' | 'method' | 'path'>) {
  return (outcome: number | string) => {
    // By the conventions any status from 400 on is a failure of a client's span.
    const failed = typeof outcome === 'string' || outcome >= 400;
    span?.end(
      method,
      {
        'http.request.method': method,
        'server.address': service,
        'url.path': path.split('?', 1)[0]?.slice(0, 256) ?? '',
        ...(typeof outcome === 'number' ? { 'http.response.status_code': outcome } : {}),
        ...(failed ? { 'error.type': String(outcome) } : {}),
      },
      failed,
    );
  };
}

async function bounded(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > maxBytes) throw new Error(`the reply is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function peerError(service: string, cause: unknown): ServiceError {
  if (cause instanceof ServiceError) return cause;
  const timedOut =
    cause instanceof errors.ConnectTimeoutError ||
    cause instanceof errors.HeadersTimeoutError ||
    cause instanceof errors.BodyTimeoutError ||
    (cause instanceof Error && cause.name === 'TimeoutError');
  return timedOut
    ? new ServiceError('peer_timeout', { cause, detail: `The ${service} service did not respond in time` })
    : new ServiceError('peer_unavailable', {
        cause,
        retryAfterS: 1,
        detail: `The ${service} service cannot be reached`,
      });
}
