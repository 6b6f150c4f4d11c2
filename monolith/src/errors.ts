/** The closed list of error codes; `statuses` maps each to its HTTP status. */
export type ErrorCode =
  | 'bad_request'
  | 'invalid_token'
  | 'invalid_client'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'in_progress'
  | 'body_too_large'
  | 'unsupported_media_type'
  | 'misdirected'
  | 'validation_failed'
  | 'rate_limited'
  | 'busy'
  | 'internal'
  | 'store_unavailable'
  | 'issuer_unavailable';

const statuses: Readonly<Record<ErrorCode, { status: number; title: string }>> = {
  bad_request: { status: 400, title: 'Bad Request' },
  invalid_token: { status: 401, title: 'Unable to validate access token' },
  invalid_client: { status: 401, title: 'Unauthorized' },
  forbidden: { status: 403, title: 'Forbidden' },
  not_found: { status: 404, title: 'Not Found' },
  conflict: { status: 409, title: 'Conflict' },
  in_progress: { status: 409, title: 'Conflict' },
  body_too_large: { status: 413, title: 'Payload Too Large' },
  unsupported_media_type: { status: 415, title: 'Unsupported Media Type' },
  misdirected: { status: 421, title: 'Misdirected Request' },
  validation_failed: { status: 422, title: 'Failed Validation' },
  rate_limited: { status: 429, title: 'Too Many Requests' },
  busy: { status: 503, title: 'Service Unavailable' },
  internal: { status: 500, title: 'Internal Server Error' },
  store_unavailable: { status: 503, title: 'Service Unavailable' },
  issuer_unavailable: { status: 503, title: 'Service Unavailable' },
};

/** One fault. `title` replaces the title of the code; `source` is a path such as `data.name`. */
export interface Fault {
  detail?: string;
  title?: string;
  source?: string;
  meta?: Record<string, unknown>;
}

/** One member of `errors` in a reply. */
export interface ErrorMember extends Fault {
  status: number;
  title: string;
  request_id?: string;
}

/** The only error that this program throws deliberately. */
export class ShopError extends Error {
  override readonly name = 'ShopError';
  readonly code: ErrorCode;
  readonly faults: readonly Fault[];

  /** `faults`: at least one; several if one body has several faults. */
  constructor(code: ErrorCode, faults: Fault | readonly Fault[] = {}, options?: ErrorOptions) {
    const list: readonly Fault[] = Array.isArray(faults) ? faults : [faults];
    super(list[0]?.detail ?? statuses[code].title, options);
    this.code = code;
    this.faults = list.length === 0 ? [{}] : list;
  }
}

export function statusOf(code: ErrorCode): number {
  return statuses[code].status;
}

/**
 * `{errors: […]}` of an error. Every member has a status, because clients see the body only. Replies of 500 and above
 * carry `requestId`, which leads to the log line.
 */
export function errorBody(error: ShopError, requestId: string): { errors: ErrorMember[] } {
  const { status, title } = statuses[error.code];
  return {
    errors: error.faults.map((fault) => ({
      status,
      title,
      ...fault,
      ...(status >= 500 && { request_id: requestId }),
    })),
  };
}
