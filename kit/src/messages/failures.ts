import { ServiceError } from '../service/errors.ts';
import { BadMessage } from './envelope.ts';

/**
 * Whose fault it is that a message could not be handled. `message`: no attempt can succeed. `surroundings`: the store or
 * a peer is away, and the message waits. `handler`: counted, because it may fail each time.
 */
export type FailureKind = 'message' | 'surroundings' | 'handler';

const passing = new Set(['store_unavailable', 'peer_unavailable', 'peer_timeout']);

export function failureKind(error: unknown): FailureKind {
  if (error instanceof BadMessage) return 'message';
  if (error instanceof ServiceError && passing.has(error.code)) return 'surroundings';
  return 'handler';
}

/** One line for people. An error of a driver may hold values, so only the error's own message is taken. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error).slice(0, 500);
  return `${error.name}: ${error.message}`.replaceAll(/\s+/g, ' ').slice(0, 500);
}
