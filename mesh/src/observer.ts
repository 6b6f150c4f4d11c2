import type { MeshError } from './errors.ts';
import type { Exchange } from './exchange.ts';
import type { Reply } from './reply.ts';

/** How an exchange ended. Times are monotonic ms. */
export interface Ending {
  /** Null without a reply; then `error` says why. */
  reply: Reply | null;
  /** Also set for a reply whose body broke off. */
  error: MeshError | null;
  /** Content bytes of the reply. */
  bytes: number;
  beganAtMs: number;
  /** When the head came, or the error was thrown. */
  headAtMs: number;
  endedAtMs: number;
}

/** A layer that only observes: it neither replies nor delays. `Note` is passed from `begin` to the other methods. */
export interface Observer<Note = unknown> {
  /** Called before the layers further in. */
  begin?(exchange: Exchange): Note;
  /** The reply's head is there. */
  head?(exchange: Exchange, note: Note, reply: Reply): void;
  /** Called once: the last byte has been passed on, the body has broken off, or there is no reply. */
  end(exchange: Exchange, note: Note, ending: Ending): void;
}
