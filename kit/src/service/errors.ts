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

export interface ErrorDetails {
  /** Tells the client what was wrong with this request. Must not hold a secret or a driver's message. */
  detail?: string;
  /** Path of the member at fault, such as `client_id`. */
  source?: string;
  /** Sent as `Retry-After`, in whole seconds. */
  retryAfterS?: number;
  /** False tells callers further out not to retry, because the mesh has already done so (`MeshReply.retryable`). */
  retryable?: boolean;
  /** Overrides the table's title. */
  title?: string;
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
    super(details.detail ?? code, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.details = details;
  }
}

/** Codes that the kit itself throws. They have the same status in every service. */
export type KitCode =
  | 'store_unavailable'
  | 'peer_unavailable'
  | 'peer_timeout'
  // While a resource moves: see kit/src/import.
  | 'misdirected'
  | 'not_following'
  | 'unknown_resource'
  | 'not_the_migration';

export const kitErrors = {
  store_unavailable: { status: 503, title: 'Service Unavailable' },
  peer_unavailable: { status: 503, title: 'Service Unavailable' },
  peer_timeout: { status: 504, title: 'Gateway Timeout' },
  // RFC 9110, section 15.5.20: the mesh routes the request again.
  misdirected: { status: 421, title: 'Misdirected Request' },
  not_following: { status: 409, title: 'Conflict' },
  unknown_resource: { status: 404, title: 'Not Found' },
  not_the_migration: { status: 401, title: 'Unauthorized' },
} as const satisfies Record<KitCode, ErrorStatus>;
