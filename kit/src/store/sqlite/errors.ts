import { ServiceError } from '../../service/errors.ts';

/**
 * Primary result codes of failures that pass: BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN. The low
 * byte of an extended code is its primary code.
 */
const unavailableCodes = new Set([5, 6, 7, 8, 9, 10, 13, 14]);

/** Turns an error of an unavailable store into `store_unavailable`. Returns any other error unchanged. */
export function storeError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ServiceError) return error;
  const { errcode, code } = error as { errcode?: unknown; code?: unknown };
  const unavailable =
    (typeof errcode === 'number' && unavailableCodes.has(errcode & 0xff)) || code === 'ERR_INVALID_STATE';
  return unavailable ? new ServiceError('store_unavailable', { cause: error, retryAfterS: 1 }) : error;
}

/** The column that a write would have given a value that another row has, such as `things.name`. Undefined for any other error. */
export function uniqueColumnIn(error: unknown): string | undefined {
  return /^UNIQUE constraint failed: ([\w.]+)$/.exec(error instanceof Error ? error.message : '')?.[1];
}
