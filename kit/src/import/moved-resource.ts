import type { TSchema } from '../../vendor/typebox.js';
import type { State } from './digest.ts';

/** One change that the owner sent, for the service to apply. */
export interface AppliedChange<S> {
  key: string;
  /** Null: the aggregate does not exist any more. */
  state: S | null;
}

/**
 * What a service says about a resource that moves: how to write and read aggregates whole. In the service's `import.ts`;
 * transitional.
 */
export interface MovedResource<Tx, S extends State = State> {
  name: string;
  /** The move group: resources that change their owner together. */
  group: string;
  /** Of an aggregate's state. A state that breaks it is refused. */
  schema: TSchema;
  /** How many aggregates are read at a time, where the states are large. */
  batch?: number;
  /**
   * Writes and deletes aggregates, whatever is there. Enforces no uniqueness between aggregates: where a unique name is
   * taken by another aggregate, that one's is set aside until its own change arrives.
   */
  apply(tx: Tx, changes: readonly AppliedChange<S>[]): Promise<void>;
  /** The states of those that exist. */
  read(tx: Tx, keys: readonly string[]): Promise<Map<string, S>>;
  /** Keys with `after < key <= to` in bytewise order, at most `limit`. */
  keys(tx: Tx, range: { after: string | null; to: string | null; limit: number }): Promise<string[]>;
  /** How many aggregates have had their unique name set aside. */
  displaced(tx: Tx): Promise<number>;
}
