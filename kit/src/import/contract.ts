import Type, { type Static } from '../../vendor/typebox.js';
import { Ownership } from './ownership.ts';

/**
 * What travels between the migration's worker and a service while a resource moves. All bodies are JSON; every request
 * carries the migration's own credential.
 */
export const paths = {
  ownership: (group: string) => `/internal/ownership/${encodeURIComponent(group)}`,
  incoming: (resource: string) => `/internal/import/${encodeURIComponent(resource)}`,
  changes: (resource: string) => `/internal/changes/${encodeURIComponent(resource)}`,
  acknowledge: (resource: string) => `/internal/changes/${encodeURIComponent(resource)}/acknowledged`,
  repeat: (resource: string) => `/internal/changes/${encodeURIComponent(resource)}/repeated`,
  inStep: (resource: string) => `/internal/in-step/${encodeURIComponent(resource)}`,
  digests: (resource: string) => `/internal/digests/${encodeURIComponent(resource)}`,
} as const;

/** The most changes in one request. */
export const maxChanges = 5_000;

/** A safe integer: see version.ts. */
const VersionNumber = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Key = Type.String({ minLength: 1, maxLength: 512 });

/** An aggregate's whole state; null: it does not exist (a tombstone). */
export const Change = Type.Object({
  key: Key,
  version: VersionNumber,
  state: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
});
export type Change = Static<typeof Change>;

/** POST import: changes of one epoch of the owner, applied in one transaction. */
export const ImportRequest = Type.Object({
  epoch: Type.Integer({ minimum: 0 }),
  changes: Type.Array(Change, { maxItems: maxChanges }),
});
export type ImportRequest = Static<typeof ImportRequest>;

/** Per change, after the commit. `older`: this version or a newer one was applied before. */
export const Outcome = Type.Object({
  key: Key,
  outcome: Type.Enum(['applied', 'older', 'refused']),
  /** Why the service cannot use the state; holds no value. */
  reason: Type.Optional(Type.String()),
});
export type Outcome = Static<typeof Outcome>;
export const ImportReply = Type.Object({ outcomes: Type.Array(Outcome) });
export type ImportReply = Static<typeof ImportReply>;

/** GET changes: what the owner wrote and the follower has not acknowledged. */
export const ChangesReply = Type.Object({
  ownership: Ownership,
  changes: Type.Array(Change),
  /** Whether there are further ones. */
  more: Type.Boolean(),
});
export type ChangesReply = Static<typeof ChangesReply>;

/** POST acknowledged: the versions that the follower has. A newer version of a key stays to be sent. */
export const Acknowledgement = Type.Object({
  seen: Type.Array(Type.Object({ key: Key, version: VersionNumber }), { maxItems: maxChanges }),
});
export type Acknowledgement = Static<typeof Acknowledgement>;

/** POST repeated: the aggregates to send once more, with a new version. */
export const RepeatRequest = Type.Object({ keys: Type.Array(Key, { maxItems: maxChanges }) });
export type RepeatRequest = Static<typeof RepeatRequest>;

/** PUT ownership: compare and set. The reply holds what is in force, whether it was set or not (200 or 409). */
export const OwnershipChange = Type.Object({ from: Ownership, to: Ownership });
export type OwnershipChange = Static<typeof OwnershipChange>;
export const OwnershipReply = Type.Object({
  ownership: Ownership,
  /** The newest version in the store. One that went back tells that the store was restored from a backup. */
  newest: VersionNumber,
  /** Aggregates whose unique name was taken over by another one that arrived first. */
  displaced: Type.Integer({ minimum: 0 }),
});
export type OwnershipReply = Static<typeof OwnershipReply>;

/** POST digests: the aggregates with `after < key <= to`, in the bytewise order of their keys, or those of `keys`. */
export const DigestsRequest = Type.Object({
  keys: Type.Optional(Type.Array(Key, { maxItems: maxChanges })),
  after: Type.Union([Key, Type.Null()]),
  to: Type.Union([Key, Type.Null()]),
  /** With the digest of each aggregate. */
  members: Type.Boolean(),
});
export type DigestsRequest = Static<typeof DigestsRequest>;
export const DigestsReply = Type.Object({
  count: Type.Integer({ minimum: 0 }),
  digest: Type.String(),
  members: Type.Optional(Type.Array(Type.Object({ key: Key, digest: Type.String() }))),
});
export type DigestsReply = Static<typeof DigestsReply>;
