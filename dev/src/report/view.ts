import type { Cause } from '../stack/causes.ts';
import type { Emit } from '../stack/events.ts';

export interface UpOutput {
  json: boolean;
  /** Print the logs: of these processes and stores, of all where the list is empty; null: of none. */
  follow: readonly string[] | null;
  verbose: boolean;
}

/** What `npm start` shows of a stack. */
export interface View {
  on: Emit;
  /** The edge is up, and everything else that is available is ready. */
  up(ms: number): Promise<void>;
  /** The platform is unusable, for these reasons; the stack is being stopped. */
  failed(causes: readonly Cause[]): Promise<void>;
  /** The start was canceled by request. */
  brokenOff(): Promise<void>;
  /** The stack has stopped. */
  end(): void;
}
