/** One row of a program's table from error code to answer. */
export interface ErrorAnswer {
  /** HTTP status code. */
  status: number;
  /** Short, the same for every occurrence of the code. */
  title: string;
}

export type ErrorTable = Readonly<Record<string, ErrorAnswer>>;

export interface ErrorDetails {
  /** For the client: what was wrong with this request. Never a secret, never a driver's message. */
  detail?: string;
  /** Path of the member at fault, such as `client_id`. */
  source?: string;
  /** Sent as Retry-After, whole seconds. */
  retryAfterS?: number;
  /** False: those further out are told not to try it again, because it has been (`MeshAnswer.retryable`). */
  retryable?: boolean;
  /** Overrides the table's title. */
  title?: string;
  cause?: unknown;
}

/**
 * The error class of a service: made where it happens with one of the service's closed set of codes, turned into an
 * answer by the server through the service's {@link ErrorTable}.
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

/** Codes that the kit itself raises; every service answers them the same way. */
export type KitCode = 'store_unavailable' | 'peer_unavailable' | 'peer_timeout';

export const kitErrors = {
  store_unavailable: { status: 503, title: 'Service Unavailable' },
  peer_unavailable: { status: 503, title: 'Service Unavailable' },
  peer_timeout: { status: 504, title: 'Gateway Timeout' },
} as const satisfies Record<KitCode, ErrorAnswer>;

/** One member of `errors` in the public API's error body. */
export interface ApiFault {
  status: number;
  title: string;
  detail?: string;
  source?: string;
  request_id?: string;
}

/** The public API's error body. `errors` is always an array, and `status` always stands in it. */
export interface ApiErrorBody {
  errors: ApiFault[];
}

export function apiError(fault: ApiFault): ApiErrorBody {
  return { errors: [fault] };
}
