import type { Micros } from '../api/timestamps.ts';
import { ServiceError } from '../service/errors.ts';
import type { KeyedRequest } from './keyed-request.ts';

/** How long the reply to a keyed request is kept, in microseconds: a day. */
export const keptForUs = 24 * 3_600_000_000;

/** A keyed request, with what was replied to it. */
export interface KeptReply extends KeyedRequest {
  status: number;
  /** The body: JSON. */
  reply: string;
}

/** The kept replies of a store, in one transaction: it changes them with the effect of the request, or not at all. */
export interface KeptReplies {
  /**
   * Claims a key for this transaction. Undefined: it is new, or a day old, and `keep` has to follow in this transaction.
   * Otherwise what was replied. Of twins in several transactions at once, the others get the reply of the first that is
   * committed: they wait for it, or are repeated.
   */
  claim(request: KeyedRequest): Promise<KeptReply | undefined>;
  /**
   * Keeps a reply, in place of an earlier one with its hash.
   *
   * @param owner the aggregate that the reply moves with. Null: it stays in this store
   */
  keep(reply: KeptReply, owner: string | null): Promise<void>;
  /** The replies that move with these aggregates and are still kept, in the order of their hashes. Others are left out. */
  ofOwners(owners: readonly string[], now: Micros): Promise<Map<string, KeptReply[]>>;
}

/** @throws ServiceError `key_reused`: the earlier request had another body */
export function requireSameBody(request: KeyedRequest, earlier: KeptReply): void {
  if (request.bodyHash === earlier.bodyHash) return;
  throw new ServiceError('key_reused', { detail: 'This Idempotency-Key was sent before with another body' });
}
