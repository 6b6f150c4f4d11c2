import { ServiceError } from '../../service/errors.ts';

/** Kinds of errors, as their messages begin, that pass or that a new process may not have. */
const unavailableMessages = /^(IO|Out of Memory|INTERRUPT|FATAL|Connection|Internal) Error|has been invalidated/i;

/** After these the engine cannot be used again in this process. */
const fatalMessages = /^(FATAL|Internal) Error|has been invalidated/i;

/** Turns an error of an unavailable store into `store_unavailable`. Returns any other error unchanged. */
export function storeError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ServiceError) return error;
  return unavailableMessages.test(error.message) ? unavailableBecause(error) : error;
}

export const isFatal = (error: unknown): boolean => error instanceof Error && fatalMessages.test(error.message);

export const unavailableBecause = (cause: Error): ServiceError =>
  new ServiceError('store_unavailable', { cause, retryAfterS: 1 });
