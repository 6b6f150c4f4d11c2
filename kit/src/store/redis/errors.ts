import { ServiceError } from '../../service/errors.ts';

/** Replies of a server that is there and cannot serve now: it starts, is full, read-only, busy, or wants a password. */
const unavailableReplies =
  /^(LOADING|OOM|READONLY|BUSY|MASTERDOWN|MISCONF|NOAUTH|WRONGPASS|NOREPLICAS|TRYAGAIN|CLUSTERDOWN)\b/;

/** Messages of the driver for a server that is absent, gone or silent. */
const unavailableMessages =
  /Connection is closed|Command timed out|connect ETIMEDOUT|Stream isn't writeable|Reached the max retries|Socket closed/i;

/** Turns an error of an unavailable store into `store_unavailable`. Returns any other error unchanged. */
export function storeError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ServiceError) return error;
  const { code } = error as { code?: unknown };
  const unavailable =
    (typeof code === 'string' && /^E[A-Z]+$/.test(code)) ||
    error instanceof AggregateError ||
    error.name === 'MaxRetriesPerRequestError' ||
    unavailableReplies.test(error.message) ||
    unavailableMessages.test(error.message);
  return unavailable ? unavailableBecause(error) : error;
}

export const unavailableBecause = (cause: Error): ServiceError =>
  new ServiceError('store_unavailable', { cause, retryAfterS: 1 });

export const isTimeout = (error: unknown): boolean => error instanceof Error && /Command timed out/.test(error.message);
