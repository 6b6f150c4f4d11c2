/** The HTTP response to one error code. */
export interface ErrorStatus {
  /** HTTP status code. */
  status: number;
  /** Short, and the same for every occurrence of the code. */
  title: string;
}

export type ErrorTable = Readonly<Record<string, ErrorStatus>>;

/** The table of a service with the error codes `Code`. A code without a status does not compile. */
export type CompleteErrorTable<Code extends string> = Readonly<Record<Exclude<Code, KitCode>, ErrorStatus>>;

/** One of several faults of a request. */
export interface FaultDetails {
  detail?: string;
  /** Path of the member at fault, such as `data.name`. */
  source?: string;
  /** What the fault is about, such as a product. Shown to the client. */
  meta?: Readonly<Record<string, unknown>>;
}

export interface ErrorDetails {
  /** Tells the client what was wrong with this request. Must not hold a secret or a driver's message. */
  detail?: string;
  /** Path of the member at fault, such as `client_id`. */
  source?: string;
  /** See {@link FaultDetails}. */
  meta?: Readonly<Record<string, unknown>>;
  /** Sent as `Retry-After`, in whole seconds. */
  retryAfterS?: number;
  /** False tells callers further out not to retry, because the mesh has already done so (`MeshReply.retryable`). */
  retryable?: boolean;
  /** Overrides the table's title. */
  title?: string;
  /** Several faults at once, in place of `detail` and `source`: each becomes a member of `errors`. */
  faults?: readonly FaultDetails[];
  cause?: unknown;
}

/**
 * The error class of a service. The code that detects a failure throws one with a code from the service's closed set;
 * the HTTP server turns it into a response by the service's {@link ErrorTable}.
 */
export class ServiceError<Code extends string = string> extends Error {
  override readonly name = 'ServiceError';
  readonly code: Code;
  readonly details: ErrorDetails;

  constructor(code: Code, details: ErrorDetails = {}) {
    super(
      details.detail ?? details.faults?.[0]?.detail ?? code,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.code = code;
    this.details = details;
  }
}

/** Codes that the kit itself throws. They have the same status in every service. */
export type KitCode =
  | 'bad_request'
  | 'invalid_token'
  | 'invalid_peer'
  | 'forbidden'
  | 'not_found'
  | 'validation_failed'
  | 'currency_disabled'
  | 'key_reused'
  | 'issuer_unavailable'
  | 'store_unavailable'
  // Too many slow hashes wait: see kit/src/secrets.
  | 'busy'
  | 'peer_unavailable'
  | 'peer_timeout'
  // While a resource moves: see kit/src/import.
  | 'misdirected'
  | 'not_following'
  | 'unknown_resource'
  | 'not_the_migration';

export const kitErrors = {
  bad_request: { status: 400, title: 'Bad Request' },
  // Clients of the API read any 401 as a bad access token: no other code that they meet has this status.
  invalid_token: { status: 401, title: 'Unable to validate access token' },
  // At internal paths, which only services ask.
  invalid_peer: { status: 401, title: 'Unauthorized' },
  forbidden: { status: 403, title: 'Forbidden' },
  not_found: { status: 404, title: 'Not Found' },
  validation_failed: { status: 422, title: 'Failed Validation' },
  currency_disabled: { status: 400, title: 'BadRequestError' },
  key_reused: { status: 422, title: 'Idempotency-Key reused' },
  issuer_unavailable: { status: 503, title: 'Service Unavailable' },
  busy: { status: 503, title: 'Service Unavailable' },
  store_unavailable: { status: 503, title: 'Service Unavailable' },
  peer_unavailable: { status: 503, title: 'Service Unavailable' },
  peer_timeout: { status: 504, title: 'Gateway Timeout' },
  // RFC 9110, section 15.5.20: the mesh routes the request again.
  misdirected: { status: 421, title: 'Misdirected Request' },
  not_following: { status: 409, title: 'Conflict' },
  unknown_resource: { status: 404, title: 'Not Found' },
  not_the_migration: { status: 401, title: 'Unauthorized' },
} as const satisfies Record<KitCode, ErrorStatus>;
