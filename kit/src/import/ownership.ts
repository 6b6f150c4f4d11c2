import Type, { type Static } from '../../vendor/typebox.js';

/**
 * Which side may write a move group: the group's owner. A follower applies what the owner sends. A fenced store refuses
 * writes and hands over what it has.
 */
export const Ownership = Type.Object({
  epoch: Type.Integer({ minimum: 0 }),
  state: Type.Enum(['owner', 'follower', 'fenced']),
  /** Whether writes are noted for the follower: the way back is open. */
  wayBack: Type.Boolean(),
});
export type Ownership = Static<typeof Ownership>;

/** A service that no data was moved to yet. */
export const neverOwned: Ownership = { epoch: 0, state: 'follower', wayBack: false };

export const sameOwnership = (a: Ownership, b: Ownership): boolean =>
  a.epoch === b.epoch && a.state === b.state && a.wayBack === b.wayBack;
