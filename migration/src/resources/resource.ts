import type { State, Version, Weight } from '@banyan/kit/import';
import { MigrationError } from '../errors.ts';
import type { Queryable } from './queryable.ts';
import type { ShopEvent } from './shop-events.ts';

/** A table of the monolith whose rows are parts of an aggregate. */
export interface CapturedTable {
  name: string;
  /**
   * The column that holds the aggregate's key, or its SQL by the name of a row, which is null for a row that belongs to
   * none. Null: all rows are one aggregate, whose key is the resource's name.
   */
  key: string | null | ((row: string) => string);
  /** Other resources write the table too, so it is not fenced: their rows have no key. */
  shared?: true;
  /**
   * SQL of a condition on a row by its name: rows that readers skip already. Where the monolith does not own the resource, a
   * delete of such a row is no write of the resource and is not refused: the row stays, here and at the owner.
   */
  skipped?: (row: string) => string;
  /** Every column that the resource reads or leaves out on purpose. Another one stops the migration. */
  columns: readonly string[];
}

export interface StateChange {
  key: string;
  /** Null: the aggregate does not exist. */
  state: State | null;
}

/** A change that came back, beside what the monolith had. */
export interface ComparedChange extends StateChange {
  version: Version;
  /** Null: the aggregate did not exist. */
  before: State | null;
}

/**
 * Content beside the store, which the states of a resource name by its hash: it travels before them. On both sides a state
 * whose content is not on the disk as its hash says has the member `content_lost` when they are compared.
 */
export interface Contents {
  /** SHA-256 in hex; null: the state names none. */
  hashOf(state: State): string | null;
  /** SQL of a statement. Until its transaction ends, the monolith deletes no content that nothing names. */
  keepingLock: string;
}

/** What the monolith must know of a resource that comes back to it. */
export interface WayBack {
  /** SQL of (count): aggregates whose unique name was set aside. */
  displaced: string;
  /**
   * Writes aggregates into the monolith as they come from the service: without triggers, cascades and checks. Where a
   * unique name is taken by another aggregate, that one's is set aside until its own change arrives.
   */
  apply(db: Queryable, changes: readonly StateChange[]): Promise<void>;
  /**
   * What the monolith's webhooks tell of changes that came back, in the transaction that applied them: the same as the
   * service's facts tell.
   *
   * @param publicUrl the platform's address as clients see it
   */
  factsOf?(db: Queryable, changes: readonly ComparedChange[], publicUrl: string): Promise<readonly ShopEvent[]>;
  /**
   * What the monolith does, as the owner of other resources, about aggregates that were deleted: ordinary writes, after
   * `apply` was committed.
   */
  afterDelete(db: Queryable, keys: readonly string[]): Promise<void>;
}

/**
 * A resource that moves out of the monolith: the only code that knows its tables there. An aggregate is whole: all rows
 * that change together travel together. Without a way back, the monolith stays its only writer: the service follows, and
 * the owner does not change.
 */
export interface Resource extends Partial<WayBack> {
  name: string;
  /** Resources of one group change their owner together. */
  group: string;
  /** The service that takes it over, as the mesh names it. */
  service: string;
  /**
   * The HTTPRoute whose rules `reads` and `writes` move. Without a way back: the route that moves by weights; null: none, the
   * service keeps a copy for its own replies.
   */
  route: string | null;
  /** One sentence for the list. */
  summary: string;
  /** The entities of its facts, such as `brand` of `brand.updated`. */
  entities?: readonly string[];
  /** Of a resource that has content beside its rows. */
  contents?: Contents;
  /** Where the states of some aggregates are large: fewer of them are read at a time. */
  weight?: Weight;
  /** The service lives on facts of what the monolith owns: it is no owner while they do not travel. */
  hearsFacts?: true;
  /** In the order in which the monolith's transactions lock them, because attaching locks them in this order. */
  tables: readonly CapturedTable[];
  /** SQL of (key text, state jsonb) for the keys in `$1::text[]`. Times are text with microseconds, in UTC. */
  states: string;
  /** SQL of (key text): at most `$2` keys after `$1` (null: from the first), in bytewise order. */
  keys: string;
  /** SQL of (count): how many aggregates there are. */
  count: string;
}

/** The route of a resource whose owner changes. @throws MigrationError `stays` when it has none */
export function routeOf({ name, route }: Pick<Resource, 'name' | 'route'>): string {
  if (route !== null) return route;
  throw new MigrationError('stays', `the monolith stays the only writer of ${name}, and no route serves it`);
}

/** @throws MigrationError `stays` when the resource has none */
export function wayBackOf({ name, route, service, displaced, apply, afterDelete, factsOf }: Resource): WayBack {
  if (displaced !== undefined && apply && afterDelete) {
    return { displaced, apply, afterDelete, ...(factsOf ? { factsOf } : {}) };
  }
  throw new MigrationError(
    'stays',
    `the monolith stays the only writer of ${name}. Its route moves by weights: ` +
      `npm run mesh -- shift ${routeOf({ name, route })} ${service}=100`,
  );
}

/** SQL that gives a time as text with microseconds, such as 2018-05-10T14:11:32.000123Z. */
export const timeText = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
