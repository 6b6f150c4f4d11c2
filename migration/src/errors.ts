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

const passingCodes: ReadonlySet<MigrationCode> = new Set(['target_unavailable', 'second_relay', 'locked']);
/** SQLSTATE: lost connections, a server that stops or starts, no memory or connections left, conflicts of transactions. */
const passingStates = /^(08|53|57P|40)/;
/** Of a connection that cannot be had or is lost, by Node and by the driver, which has no codes for its own errors. */
const lostConnection = /^(Connection terminated|timeout e|Query read timeout|Client )/;

/** Whether an error is about something that is away for a while: the same work may succeed later. */
export function isPassing(error: unknown): boolean {
  if (error instanceof MigrationError) return passingCodes.has(error.code);
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  if (typeof syscall === 'string') return true;
  return typeof code === 'string' ? passingStates.test(code) : lostConnection.test(error.message);
}
