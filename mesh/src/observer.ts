import type { MeshError } from './errors.ts';
import type { Exchange } from './exchange.ts';
import type { Reply } from './reply.ts';

/** What came of an exchange. Times are monotonic ms. */
export interface Ending {
  /** Null where there was none; then `error` says why. */
  reply: Reply | null;
  /** Also of a reply whose body broke off. */
  error: MeshError | null;
  /** Content bytes of the reply. */
  bytes: number;
  beganAtMs: number;
  /** When the head came, or what was thrown. */
  headAtMs: number;
  endedAtMs: number;
}

/** A layer that looks on: it neither answers nor holds up. `Note` is what it wants to know again at the end. */
export interface Observer<Note = unknown> {
  /** Before anything further in. */
  begin?(exchange: Exchange): Note;
  /** The reply's head is there. */
  head?(exchange: Exchange, note: Note, reply: Reply): void;
  /** Once: the last byte has gone by, the body has broken off, or there is no reply. */
  end(exchange: Exchange, note: Note, ending: Ending): void;
}
