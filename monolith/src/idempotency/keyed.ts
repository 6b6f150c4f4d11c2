/**
 * A request that must act only once. Requests are equal if all members except `body`, `waitMs` and `secret` are equal.
 */
export interface Keyed {
  /** From `parseKey`. */
  key: string;
  client: string;
  /** Empty without a customer. */
  customer: string;
  method: string;
  /** The path without the query. */
  path: string;
  /** The body as text; a different body under the same key is refused. */
  body: string;
  /** How long to wait for a concurrent request with the same key. */
  waitMs: number;
  /** Encrypts the stored reply, if the store must not be able to read it. See `seal`. */
  secret?: string;
}
