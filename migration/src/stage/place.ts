import type { Target } from '../journal/journal.ts';

/** Where the requests for a resource go. `split`: to both sides, by weight. Null: it could not be found out. */
export type At = Target | 'split' | 'switching' | null;

/** Where a resource is, and what a stage must know to move it. */
export interface Place {
  resource: string;
  /** The service that takes it over. */
  service: string;
  at: At;
  /** It was moved before, or an operator shifted its route: a start of the platform leaves it where it is. */
  moved: boolean;
  /** The service has all of it. */
  copied: boolean;
  /** The service only follows the monolith, which stays the owner: its route moves, and its data are copied in any stage. */
  follows: boolean;
  /** The service has a copy for its own replies: no route moves, and the copy stays in any stage. */
  isCopy: boolean;
  /** Why the service cannot take it now; null if it responds, or has it already. */
  down: string | null;
  /** What went wrong with it last. */
  failure: string | null;
}
