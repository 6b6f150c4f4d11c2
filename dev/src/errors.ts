/** What can go wrong in the launcher, as a closed union: each maps to one sentence for the user and an exit code. */
export type DevErrorCode =
  | 'already_running'
  | 'bad_command'
  | 'bad_topology'
  | 'command_failed'
  | 'not_running'
  | 'store_failed'
  | 'store_unavailable'
  | 'unknown_process';

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
