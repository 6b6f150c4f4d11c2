import type { Condition } from '../api/conditions.ts';
import type { Page } from '../api/paging.ts';
import type { Sort } from '../api/sort.ts';
import type { Field, NewValues, Values } from '../fields/definition.ts';
import type { Moves } from '../import/moves.ts';
import type { Published } from '../messages/relay.ts';
import type { KeptReplies } from '../once/kept-reply.ts';
import type { Cause } from '../store/facts.ts';
import type { Group } from './group.ts';
import type { MemberLinks } from './members.ts';

/** Fields by which groups can be sorted. */
export const sortFields = ['created_at', 'description', 'name', 'slug', 'status', 'updated_at'] as const;
export type SortField = (typeof sortFields)[number];

export interface Listing {
  liveOnly: boolean;
  /** Of `id`, `name`, `slug` and `status`. */
  filter: readonly Condition[];
  /** Undefined: the default order, by creation. */
  sort: Sort<SortField> | undefined;
  page: Page;
}

/** What a transaction may read and write. Nothing of it is visible to others before the transaction ends. */
export interface Changes {
  /** The group, locked until the transaction ends. */
  find(id: string): Promise<Group | undefined>;
  /** Makes other changes of parents wait until this transaction ends. Call before any group is locked. */
  lockFamily(): Promise<void>;
  /** The ids among those given that exist. */
  existing(ids: readonly string[]): Promise<Set<string>>;
  childrenOf(id: string): Promise<string[]>;
  /** The group's id and the ids of all groups above it. */
  lineOf(id: string): Promise<string[]>;
  /** @throws GroupsError `slug_taken` */
  insert(group: Group): Promise<void>;
  /** Writes all members except the parent. @throws GroupsError `slug_taken` */
  update(group: Group): Promise<void>;
  /**
   * Writes the values of fields of a group.
   *
   * @param given those that this write sets: the value of a unique one must not be another group's
   * @throws ServiceError `validation_failed`: it is
   */
  setValues(id: string, values: Values, given: NewValues, fields: readonly Field[]): Promise<void>;
  setParent(ids: readonly string[], parentId: string | null, updatedAt: number | null): Promise<void>;
  delete(id: string): Promise<void>;
  /** What was replied to requests with an `Idempotency-Key`. Each reply moves with its group. */
  readonly replies: KeptReplies;
}

/** A store of one kind of groups. `Tx` runs statements in a transaction. */
export interface GroupStore<Tx = unknown> {
  find(id: string, liveOnly: boolean): Promise<Group | undefined>;
  /** A page of the groups that match, and how many match. */
  list(listing: Listing): Promise<{ groups: Group[]; total: number }>;
  /** All of them, in the default order. */
  all(liveOnly: boolean): Promise<Group[]>;
  /** Ids of children by the id of their parent, in the default order. */
  childrenOf(ids: readonly string[], liveOnly: boolean): Promise<Map<string, string[]>>;
  /** Links of groups to members, if the copy here is in step with their owner; otherwise null. */
  linksOf(ids: readonly string[], liveOnly: boolean): Promise<MemberLinks | null>;
  /** Those of the ids that exist and are visible. */
  visible(ids: readonly string[], liveOnly: boolean): Promise<Set<string>>;
  /**
   * Every write happens in one, and what has changed is told to the others. An engine may repeat `work`.
   *
   * @param cause the request
   * @throws ServiceError `misdirected` while another system owns the groups
   */
  transaction<Result>(cause: Cause, work: (changes: Changes) => Promise<Result>): Promise<Result>;
  /** The outbox. */
  readonly published: Published;
  /** Deletes replies to keyed requests that are a day old. */
  forgetReplies(): Promise<void>;
  /** Who owns the groups, and the way by which they move. */
  readonly moves: Moves<Tx>;
  /** Resolves with the names of the schema files that it applied. */
  applySchema(): Promise<string[]>;
  ping(): Promise<void>;
  close(): Promise<void>;
}
