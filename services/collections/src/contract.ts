import {
  type GroupKind,
  groupChangeSchema,
  groupEvents,
  groupFactSchema,
  groupPaths,
  newGroupSchema,
} from '@banyan/kit/groups';
import type { Static } from '@banyan/kit/typebox';

// What other services may import from this one: paths, bodies, and the facts that it publishes.

/** Collections group products. They are shown as the flow `collections` has fields. */
export const kind = {
  type: 'collection',
  plural: 'collections',
  members: { type: 'product', plural: 'products' },
} as const satisfies GroupKind;

export const paths = groupPaths(kind);

/** `data` of POST /v2/collections. Other members are ignored. */
export const NewCollection = newGroupSchema(kind.type);
export type NewCollection = Static<typeof NewCollection>;

/** `data` of PUT /v2/collections/:id: members that are absent keep their value. */
export const CollectionChange = groupChangeSchema(kind.type);
export type CollectionChange = Static<typeof CollectionChange>;

/** The facts about collections. */
export const events = groupEvents(kind.type);

/** The state that `collection.created` and `collection.updated` carry: the collection as an administrator sees it. */
export const CollectionFact = groupFactSchema(kind);
export type CollectionFact = Static<typeof CollectionFact>;
