import { ServiceError } from '../../service/errors.ts';

/**
 * How often a transaction may run that the server gives up because of another one, by error: 1213 is a deadlock, which
 * is found at once, and 1205 a lock that was waited for too long.
 */
export const attemptsAfter: Readonly<Record<number, number>> = { 1213: 10, 1205: 2 };

export const duplicateKey = 1062;

/**
 * Failures of the server that pass: too many connections, shutdown, a killed or timed-out statement, a read-only
 * server, a refused role or a database that does not exist yet.
 */
const unavailableErrors = new Set([1040, 1044, 1045, 1049, 1053, 1077, 1203, 1205, 1213, 1226, 1290, 1317, 1927, 1969]);

/** The name of the unique key that a write would have broken. Undefined for any other error. */
export function duplicateKeyIn(error: unknown): string | undefined {
  const { sqlMessage } = error as { sqlMessage?: unknown };
  if (errorNumber(error) !== duplicateKey || typeof sqlMessage !== 'string') return undefined;
  return /for key '(\w+)'$/.exec(sqlMessage)?.[1];
}

/** The number that the server or the driver gave an error. Undefined for other errors. */
export function errorNumber(error: unknown): number | undefined {
  const errno = (error as { errno?: unknown } | null)?.errno;
  return typeof errno === 'number' ? errno : undefined;
}

/** Turns an error of an unavailable store into `store_unavailable`. Returns any other error unchanged. */
export function storeError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ServiceError) return error;
  const { code, fatal } = error as { code?: unknown; fatal?: unknown };
  const unavailable =
    fatal === true ||
    error instanceof AggregateError ||
    unavailableErrors.has(errorNumber(error) ?? 0) ||
    (typeof code === 'string' && /^E[A-Z]+$/.test(code));
  return unavailable ? unavailableBecause(error) : error;
}

export const unavailableBecause = (cause: Error): ServiceError =>
  new ServiceError('store_unavailable', { cause, retryAfterS: 1 });
