import type { Ownership } from './ownership.ts';
import type { Version } from './version.ts';

/** The version of one aggregate. */
export interface VersionRow {
  key: string;
  version: Version;
  /** The aggregate does not exist: the row is its tombstone. */
  deleted: boolean;
}

/**
 * How an engine keeps who owns what, which version it has of what, and what the follower lacks. Each engine's room has
 * one. `Tx` is a transaction of the engine.
 */
export interface Ledger<Tx> {
  /** A transaction that may write. */
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>;
  /**
   * Reads who owns a group. `shared` keeps it from changing until the transaction ends, `exclusive` waits for all that
   * hold it shared.
   */
  ownership(tx: Tx, group: string, lock: 'none' | 'shared' | 'exclusive'): Promise<Ownership>;
  setOwnership(tx: Tx, group: string, ownership: Ownership): Promise<void>;
  /** The next number of the store's counter. Never the same twice, whatever becomes of the transaction. */
  nextCounter(tx: Tx): Promise<number>;
  /** Records versions that this store made. `pending`: the follower lacks them. */
  record(tx: Tx, resource: string, rows: readonly VersionRow[], pending: boolean): Promise<void>;
  /**
   * Records versions that came from the owner, where they are newer than the store's own. Returns the keys of these.
   * Holds the rows until the transaction ends, so that of two that arrive at once the newer one wins.
   */
  claim(tx: Tx, resource: string, rows: readonly VersionRow[]): Promise<Set<string>>;
  /** The oldest versions that the follower lacks, at most `limit`. */
  pending(tx: Tx, resource: string, limit: number): Promise<VersionRow[]>;
  /** Forgets that the follower lacks these very versions. */
  acknowledge(tx: Tx, resource: string, seen: readonly { key: string; version: Version }[]): Promise<void>;
  /** The newest version of a resource; 0 without any. */
  newest(tx: Tx, resource: string): Promise<Version>;
}
