import { errors, Pool } from 'undici';
import { ServiceError } from './errors.ts';
import { retryableHeader, type TraceContext } from './trace.ts';

/**
 * How much time the caller gives, in whole milliseconds from arrival: relative, because clocks differ. The mesh shortens it
 * at every hop, refuses what has expired, and calls off what expires on its way.
 */
export const timeoutHeader = 'x-request-timeout-ms';

/**
 * When the caller of a request stops waiting, in monotonic ms; undefined where it does not say so in a way that can be
 * understood. Of several values the strictest counts.
 *
 * @param value of the header `timeoutHeader`
 * @param arrivedAtMs `performance.now()` when the request came
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
  /** With query, if any. */
  path: string;
  headers?: Record<string, string>;
  body?: string;
  /** Of the request on whose behalf this one is made. */
  trace?: TraceContext;
  /** For all of it, body included. Default: the client's. */
  timeoutMs?: number;
  /** When the caller on whose behalf this is sent stops waiting (`deadlineOf`): nothing is waited for beyond it. */
  deadlineAtMs?: number;
}

export interface MeshAnswer {
  status: number;
  text: string;
  /** False where the mesh has tried it again already, or it must not be: to be told with the failure that comes of it. */
  retryable: boolean;
}

export interface MeshClient {
  /**
   * Sends one request to another service through the mesh and reads the whole answer, whatever its status.
   *
   * There are no retries and no breakers here: the mesh has them, and both together multiply.
   *
   * @throws ServiceError `peer_timeout` when the time is over, `peer_unavailable` when there is no usable answer
   */
  send(request: MeshRequest): Promise<MeshAnswer>;
  close(): Promise<void>;
}

export interface MeshClientOptions {
  /** Where the mesh takes calls between services, such as http://mesh:4140. */
  meshUrl: string;
  timeoutMs?: number;
  /** An answer longer than this is refused. */
  maxAnswerBytes?: number;
  maxConnections?: number;
}

export function openMeshClient(options: MeshClientOptions): MeshClient {
  const { timeoutMs: defaultTimeoutMs = 2_000, maxAnswerBytes = 1_048_576, maxConnections = 32 } = options;
  const pool = new Pool(options.meshUrl, { connections: maxConnections, connect: { timeout: defaultTimeoutMs } });

  return {
    send: async ({ service, method, path, headers, body, trace, timeoutMs = defaultTimeoutMs, deadlineAtMs }) => {
      const leftMs = Math.min(timeoutMs, Math.floor((deadlineAtMs ?? Number.POSITIVE_INFINITY) - performance.now()));
      if (leftMs <= 0) {
        throw new ServiceError('peer_timeout', { detail: `There was no time left to ask the ${service} service` });
      }
      try {
        const answer = await pool.request({
          method,
          path,
          headers: { ...trace, ...headers, host: service, [timeoutHeader]: String(leftMs) },
          body: body ?? null,
          signal: AbortSignal.timeout(leftMs),
        });
        const retryable = answer.headers[retryableHeader] !== 'false';
        return { status: answer.statusCode, text: await bounded(answer.body, maxAnswerBytes), retryable };
      } catch (error) {
        throw peerError(service, error);
      }
    },
    close: () => pool.close(),
  };
}

async function bounded(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > maxBytes) throw new Error(`the answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function peerError(service: string, cause: unknown): ServiceError {
  const timedOut =
    cause instanceof errors.ConnectTimeoutError ||
    cause instanceof errors.HeadersTimeoutError ||
    cause instanceof errors.BodyTimeoutError ||
    (cause instanceof Error && cause.name === 'TimeoutError');
  return timedOut
    ? new ServiceError('peer_timeout', { cause, detail: `The ${service} service did not answer in time` })
    : new ServiceError('peer_unavailable', {
        cause,
        retryAfterS: 1,
        detail: `The ${service} service cannot be reached`,
      });
}
