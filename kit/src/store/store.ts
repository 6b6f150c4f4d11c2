import type { NewEvent, OutboxRow } from './events.ts';

/** What every engine promises, with or without transactions of several statements. */
export interface Store {
  /**
   * Resolves if the store responds.
   *
   * @throws ServiceError `store_unavailable`
   */
  ping(): Promise<void>;
  /** Waits for the statements that run, then closes. Calls after that reject with `store_unavailable`. */
  close(): Promise<void>;
  /**
   * Brings the schema up to date: first the kit's own tables, then the files of the service's folder, each once. Several
   * instances may call it at once. Returns the names of the files that it applied.
   *
   * @throws SchemaError when files are misnumbered, a file fails, or an applied file has changed
   * @throws ServiceError `store_unavailable` when the store does not respond
   */
  applySchema(options: { folder: URL }): Promise<string[]>;
  /** The relay's side of the outbox. */
  readonly outboxFeed: OutboxFeed;
  /** Counts the failures to handle messages, so that one that always fails does not come back forever. */
  readonly failures: HandlerFailures;
  /**
   * Deletes events that were published, and records of handled messages, before the given time: a batch, because a long
   * delete holds locks. Returns whether there may be more.
   */
  forget(beforeMs: number): Promise<boolean>;
}

/** A store whose transactions are made of statements. `Tx` runs them. */
export interface TransactionalStore<Tx> extends Store {
  /**
   * Runs `work` in one transaction. Commits when it resolves, rolls back when it rejects. An engine that gives up a
   * transaction because of another one repeats `work` as a whole, so `work` must have no effect besides its statements.
   *
   * @throws ServiceError `store_unavailable` when the store is down, or the connection dies before the commit
   */
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>;
  /** The outbox inside a transaction: its events leave if the transaction commits, and only then. */
  outbox(tx: Tx): Outbox;
  /** The inbox inside a transaction: it remembers a message if the transaction commits, and only then. */
  inbox(tx: Tx): Inbox;
}

export interface Outbox {
  /** Draw the aggregate's version under the lock of its row, before this call. */
  add(event: NewEvent): Promise<void>;
}

export interface Inbox {
  /** True for the first call with this consumer and event. A twin in another transaction waits for the first to end. */
  firstTime(consumer: string, eventId: string): Promise<boolean>;
  /**
   * True if the version is newer than all that this consumer has seen of the aggregate, and remembers it. Repeats,
   * reorderings and replays are then harmless, however long ago the inbox was cleaned.
   */
  newer(consumer: string, resource: string, aggregateId: string, version: number): Promise<boolean>;
}

export interface HandlerFailures {
  /** Counts a failure, keeps its reason, and returns the number of failures so far. */
  record(consumer: string, eventId: string, reason: string): Promise<number>;
}

/** Where the relay reads. */
export interface OutboxFeed {
  /** Called after each commit that added events. Returns a function that ends it. */
  onAdded(listener: () => void): () => void;
  /**
   * Becomes the only relay of this outbox. Null if another process is. The claim ends with `release`, or when its
   * connection dies: then its functions reject.
   */
  claim(): Promise<OutboxClaim | null>;
}

export interface OutboxClaim {
  /** The first unpublished events in the order of their places, without those of the given types. */
  next(limit: number, exceptTypes: readonly string[]): Promise<OutboxRow[]>;
  markPublished(places: readonly string[]): Promise<void>;
  /** What waits, without events of the given types. */
  backlog(exceptTypes: readonly string[]): Promise<Backlog>;
  release(): Promise<void>;
}

export interface Backlog {
  /** Events. */
  waiting: number;
  /** When the oldest of them happened, in Unix microseconds. Null: none waits. */
  oldestAtUs: number | null;
}
