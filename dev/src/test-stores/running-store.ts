/** A server that tests may use. */
export interface TestStore {
  /** With the password of its administrator. */
  url: string;
  source: string;
  stop(): Promise<void>;
}
