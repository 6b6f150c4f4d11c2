/** Why a change or a question was refused. Each code has its status in the admin API. */
export type ControlCode =
  | 'unknown_route'
  | 'unknown_service'
  | 'invalid'
  | 'stale'
  | 'not_written'
  | 'bad_documents'
  | 'busy'
  | 'full';

export const controlStatus: Readonly<Record<ControlCode, number>> = {
  unknown_route: 404,
  unknown_service: 404,
  invalid: 422,
  stale: 412,
  not_written: 500,
  bad_documents: 422,
  busy: 503,
  full: 409,
};

/** A change that was refused: nothing has changed. `details` say what to do next. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: ControlCode;
  readonly details: readonly string[];

  constructor(code: ControlCode, details: readonly string[], cause?: unknown) {
    super(details.join('; '), cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
  }
}
