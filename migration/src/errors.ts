/** Failures of a migration. The message tells what to do. */
export type MigrationCode =
  | 'bad_arguments'
  | 'target_unavailable'
  | 'target_refused'
  | 'unknown_columns'
  | 'locked'
  | 'not_the_owner'
  | 'not_following'
  | 'second_relay'
  | 'not_ready'
  | 'stays'
  | 'not_equal'
  | 'went_back'
  | 'mesh_refused'
  | 'not_attached'
  | 'parked'
  | 'switching'
  | 'busy'
  | 'no_worker'
  | 'refused';

export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly code: MigrationCode;

  constructor(code: MigrationCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The text of an error. A driver's error carries more, such as the row that it is about. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
