import { ServiceError } from '../../service/errors.ts';

/**
 * SQLSTATE classes and codes of failures that pass: connection, resources, shutdown, lock and statement timeouts, a
 * database that accepts no connections or does not exist yet.
 */
const unavailableStates = /^(08|53|57P0|57014|55P03|55000|3D000)/;

/** Messages of the driver, without a SQLSTATE, for a server that is absent, gone or silent. */
const unavailableMessages =
  /timeout exceeded when trying to connect|Connection terminated|Query read timeout|Client has encountered a connection error|connection is closed|Cannot use a pool after/i;

/** Turns an error of an unavailable store into `store_unavailable`. Returns any other error unchanged. */
export function storeError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ServiceError) return error;
  const { code } = error as { code?: unknown };
  const unavailable =
    typeof code === 'string'
      ? unavailableStates.test(code) || /^E[A-Z]+$/.test(code)
      : unavailableMessages.test(error.message) || error instanceof AggregateError;
  return unavailable ? new ServiceError('store_unavailable', { cause: error, retryAfterS: 1 }) : error;
}

/** Serialization failure and deadlock: the transaction may succeed if it runs again as a whole. */
const conflictStates = /^(40001|40P01)$/;

/** How often a transaction may run that failed with the error. */
export const attemptsAfter = (error: unknown): number =>
  conflictStates.test(String((error as { code?: unknown } | null)?.code)) ? 10 : 1;
