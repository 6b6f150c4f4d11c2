/** Ways of an instance (`instance-program.ts`) to answer, good and bad. The health check is answered in the same way. */
export type Behaviour =
  | 'well'
  | 'fails'
  | 'hangs'
  | 'slow'
  /** In the middle of the request: its head has been read, its body may be on its way. */
  | 'resets'
  | 'garbage'
  /** A whole head, half of the body; then the connection is closed, or reset. */
  | 'half'
  /** The same, where the length is not told beforehand. */
  | 'halfChunked';

/** What a slow instance takes: far more than a well one on a busy machine. */
export const slowMs = 1500;
