import { type ErrorTable, type KitCode, ServiceError } from '@banyan/kit/errors';

/** Everything that this service refuses or fails with on purpose. */
export type AuthCode =
  | KitCode
  | 'invalid_request'
  | 'unsupported_grant'
  | 'invalid_client'
  | 'invalid_caller'
  | 'busy'
  | 'bad_answer'
  | 'key_sealed'
  | 'key_too_fresh';

export class AuthError extends ServiceError<AuthCode> {}

/** How each code is answered over HTTP. */
export const authErrors = {
  invalid_request: { status: 400, title: 'Bad Request' },
  unsupported_grant: { status: 400, title: 'Bad Request' },
  invalid_client: { status: 401, title: 'Unauthorized' },
  invalid_caller: { status: 401, title: 'Unauthorized' },
  busy: { status: 503, title: 'Service Unavailable' },
  bad_answer: { status: 502, title: 'Bad Gateway' },
  key_sealed: { status: 503, title: 'Service Unavailable' },
  key_too_fresh: { status: 409, title: 'Conflict' },
} as const satisfies ErrorTable;
