/** What can go wrong in the launcher, as a closed union: each maps to one sentence for the user and an exit code. */
export type DevErrorCode =
  | 'ALREADY_RUNNING'
  | 'BAD_COMMAND'
  | 'BAD_TOPOLOGY'
  | 'COMMAND_FAILED'
  | 'NOT_RUNNING'
  | 'STORE_FAILED'
  | 'STORE_UNAVAILABLE'
  | 'UNKNOWN_PROCESS';

/** The launcher's only error class. `message` is written for the person at the terminal and holds no secret. */
export class DevError extends Error {
  readonly code: DevErrorCode;

  constructor(code: DevErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DevError';
    this.code = code;
  }
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
