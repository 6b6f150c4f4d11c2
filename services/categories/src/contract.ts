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

/** Categories group products. They are shown as the flow `categories` has fields. */
export const kind = {
  type: 'category',
  plural: 'categories',
  members: { type: 'product', plural: 'products' },
} as const satisfies GroupKind;

export const paths = groupPaths(kind);

/** `data` of POST /v2/categories. Other members are ignored. */
export const NewCategory = newGroupSchema(kind.type);
export type NewCategory = Static<typeof NewCategory>;

/** `data` of PUT /v2/categories/:id: members that are absent keep their value. */
export const CategoryChange = groupChangeSchema(kind.type);
export type CategoryChange = Static<typeof CategoryChange>;

/** The facts about categories. */
export const events = groupEvents(kind.type);

/** The state that `category.created` and `category.updated` carry: the category as an administrator sees it. */
export const CategoryFact = groupFactSchema(kind);
export type CategoryFact = Static<typeof CategoryFact>;
