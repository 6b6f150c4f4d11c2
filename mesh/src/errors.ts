/** Every way in which a request can fail, as seen from the mesh. Closed: a new cause gets a code and a row below. */
export type FailureCode =
  | 'bad_request'
  | 'headers_too_large'
  | 'body_too_large'
  | 'not_implemented'
  | 'no_route'
  | 'no_backend'
  | 'no_endpoint'
  | 'overloaded'
  | 'rate_limited'
  | 'not_settled'
  | 'misdirected'
  | 'connect_failed'
  | 'connect_timeout'
  | 'upstream_reset'
  | 'upstream_garbage'
  | 'upstream_idle'
  | 'attempt_timeout'
  | 'deadline_exceeded'
  | 'hedge_lost'
  | 'client_closed'
  | 'client_stalled'
  | 'draining'
  | 'internal';

/** What a cause means to the client and to readers of the access log. */
export interface FailureRow {
  /** Sent if the reply's head has not been sent yet; 499 is for the log only, because that client is gone. */
  status: number;
  title: string;
  /** Envoy's response flags, because operators know them. */
  flag: string;
  /** Whose fault it was, for error tracking. */
  where: 'client' | 'mesh' | 'upstream';
}

/** The one table from cause to reply. */
export const failures: Readonly<Record<FailureCode, FailureRow>> = {
  bad_request: { status: 400, title: 'Bad Request', flag: 'DPE', where: 'client' },
  headers_too_large: { status: 431, title: 'Request Header Fields Too Large', flag: 'DPE', where: 'client' },
  body_too_large: { status: 413, title: 'Content Too Large', flag: 'DPE', where: 'client' },
  not_implemented: { status: 501, title: 'Not Implemented', flag: 'DPE', where: 'client' },
  no_route: { status: 404, title: 'Not Found', flag: 'NR', where: 'mesh' },
  no_backend: { status: 500, title: 'Internal Server Error', flag: 'NC', where: 'mesh' },
  no_endpoint: { status: 503, title: 'Service Unavailable', flag: 'UH', where: 'upstream' },
  overloaded: { status: 503, title: 'Service Unavailable', flag: 'UO', where: 'mesh' },
  rate_limited: { status: 429, title: 'Too Many Requests', flag: 'RL', where: 'client' },
  not_settled: { status: 503, title: 'Service Unavailable', flag: 'UO', where: 'upstream' },
  misdirected: { status: 503, title: 'Service Unavailable', flag: 'UO', where: 'upstream' },
  connect_failed: { status: 503, title: 'Service Unavailable', flag: 'UF', where: 'upstream' },
  connect_timeout: { status: 504, title: 'Gateway Timeout', flag: 'UF', where: 'upstream' },
  upstream_reset: { status: 502, title: 'Bad Gateway', flag: 'UC', where: 'upstream' },
  upstream_garbage: { status: 502, title: 'Bad Gateway', flag: 'UPE', where: 'upstream' },
  upstream_idle: { status: 504, title: 'Gateway Timeout', flag: 'SI', where: 'upstream' },
  attempt_timeout: { status: 504, title: 'Gateway Timeout', flag: 'UT', where: 'upstream' },
  deadline_exceeded: { status: 504, title: 'Gateway Timeout', flag: 'UT', where: 'upstream' },
  hedge_lost: { status: 499, title: 'Client Closed Request', flag: 'HL', where: 'mesh' },
  client_closed: { status: 499, title: 'Client Closed Request', flag: 'DC', where: 'client' },
  client_stalled: { status: 408, title: 'Request Timeout', flag: 'SI', where: 'client' },
  draining: { status: 503, title: 'Service Unavailable', flag: 'LR', where: 'mesh' },
  internal: { status: 500, title: 'Internal Server Error', flag: 'LR', where: 'mesh' },
};

/** Whether the upstream can have seen any of the request: only an unsent request is always safe to repeat. */
export type Delivery = 'not_sent' | 'maybe_sent';

/** The mesh's one error class. `detail` is shown to the client: no address, no secret, no stack in it. */
export class MeshError extends Error {
  override readonly name = 'MeshError';
  readonly code: FailureCode;
  readonly detail: string;
  readonly delivery: Delivery;
  /** Seconds after which the client may retry; null if unknown. */
  readonly retryAfterS: number | null;

  constructor(
    code: FailureCode,
    detail: string,
    options: { delivery?: Delivery; retryAfterS?: number; cause?: unknown } = {},
  ) {
    super(`${code}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.detail = detail;
    this.delivery = options.delivery ?? 'not_sent';
    this.retryAfterS = options.retryAfterS ?? null;
  }

  get row(): FailureRow {
    return failures[this.code];
  }
}

/**
 * Any thrown value as a MeshError; any other class is a defect of the mesh, and its details stay hidden from the
 * client.
 */
export function asMeshError(thrown: unknown): MeshError {
  if (thrown instanceof MeshError) return thrown;
  return new MeshError('internal', 'The mesh failed to handle this request.', {
    cause: thrown,
    delivery: 'maybe_sent',
  });
}
