/** How an instance (`instance-program.ts`) responds to requests, and to health checks as well. */
export type Behavior =
  | 'well'
  | 'fails'
  | 'hangs'
  | 'slow'
  /** Within the request: its head has been read, and its body may be on the way. */
  | 'resets'
  | 'garbage'
  /** A whole head, half of the body; then the connection is closed, or reset. */
  | 'half'
  /** The same without an announced length. */
  | 'halfChunked';

/** The delay of a slow instance: far more than the delay of a healthy one on a busy machine. */
export const slowMs = 1500;
