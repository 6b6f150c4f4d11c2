import { type CompleteErrorTable, type KitCode, ServiceError } from '@banyan/kit/errors';

/** All errors that this service raises on purpose. */
export type SettingsCode = KitCode | 'invalid_peer';

export class SettingsError extends ServiceError<SettingsCode> {}

/** The HTTP status of each code. */
export const settingsErrors = {
  // Not for clients of the API, which read a 401 as a bad access token: only services ask at internal paths.
  invalid_peer: { status: 401, title: 'Unauthorized' },
} as const satisfies CompleteErrorTable<SettingsCode>;

export function invalidPeer(): SettingsError {
  return new SettingsError('invalid_peer', { detail: 'The client credentials are not valid' });
}
