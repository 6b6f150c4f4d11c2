import { type CompleteErrorTable, type KitCode, ServiceError } from '@banyan/kit/errors';

/** All errors that this service raises on purpose. */
export type AuthCode =
  | KitCode
  | 'invalid_request'
  | 'unsupported_grant'
  | 'invalid_client'
  | 'invalid_caller'
  | 'in_progress'
  | 'rate_limited'
  | 'bad_reply'
  | 'key_sealed';

export class AuthError extends ServiceError<AuthCode> {}

/**
 * The HTTP status of each code.
 *
 * A malformed request gets 400 `invalid_request` with the first wrong member, not the API's 422 with all of them. Both
 * endpoints that read a body belong to OAuth, whose clients expect 400 (RFC 6749, section 5.2; RFC 7662, section 2.3).
 */
export const authErrors = {
  invalid_request: { status: 400, title: 'invalid_request' },
  unsupported_grant: { status: 400, title: 'unsupported_grant_type' },
  invalid_client: { status: 401, title: 'Unauthorized' },
  invalid_caller: { status: 401, title: 'Unauthorized' },
  in_progress: { status: 409, title: 'Conflict' },
  rate_limited: { status: 429, title: 'Too Many Requests' },
  bad_reply: { status: 502, title: 'Bad Gateway' },
  key_sealed: { status: 503, title: 'Service Unavailable' },
} as const satisfies CompleteErrorTable<AuthCode>;
