/** A PostgreSQL server that tests may use. */
export interface TestStore {
  /** A superuser's URL with the database `postgres`. */
  url: string;
  source: string;
  stop(): Promise<void>;
}
