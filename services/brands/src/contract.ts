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

/** Brands group products. They are shown as the flow `brands` has fields. */
export const kind = {
  type: 'brand',
  plural: 'brands',
  members: { type: 'product', plural: 'products' },
} as const satisfies GroupKind;

export const paths = groupPaths(kind);

/** `data` of POST /v2/brands. Other members are ignored. */
export const NewBrand = newGroupSchema(kind.type);
export type NewBrand = Static<typeof NewBrand>;

/** `data` of PUT /v2/brands/:id: members that are absent keep their value. */
export const BrandChange = groupChangeSchema(kind.type);
export type BrandChange = Static<typeof BrandChange>;

/** The facts about brands. */
export const events = groupEvents(kind.type);

/** The state that `brand.created` and `brand.updated` carry: the brand as an administrator sees it. */
export const BrandFact = groupFactSchema(kind);
export type BrandFact = Static<typeof BrandFact>;
