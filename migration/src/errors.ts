import { ServiceError } from '@banyan/kit/errors';

/** What stops a migration; the message tells what to do. */
export type MigrationCode =
  | 'bad_arguments'
  | 'source_unavailable'
  | 'target_unavailable'
  | 'source_not_ready'
  | 'source_empty'
  | 'target_not_ready';

export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly code: MigrationCode;

  constructor(code: MigrationCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** SQLSTATE: undefined table, undefined function, no such schema. */
const notThere = new Set(['42P01', '42883', '3F000']);

/** Says which side failed, and whether it is down or lacks what is asked of it. Other errors stay as they are. */
export function sideError(side: 'source' | 'target', error: unknown, hint: string): unknown {
  if (error instanceof ServiceError && error.code === 'store_unavailable') {
    const reason = error.cause instanceof Error ? error.cause.message : error.code;
    return new MigrationError(`${side}_unavailable`, `the ${side} database does not answer: ${reason}`, {
      cause: error,
    });
  }
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string' && notThere.has(code)) {
    return new MigrationError(`${side}_not_ready`, `the ${side} database is not ready: ${hint}`, { cause: error });
  }
  return error;
}
