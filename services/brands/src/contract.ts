import { LongText, ShortText, Status } from '@banyan/kit/api';
import Type, { type Static } from 'typebox';

/** What other services may import from this one: paths, bodies, and the facts that it will publish. */
export const paths = {
  brands: '/v2/brands',
  attributes: '/v2/brands/attributes',
  tree: '/v2/brands/tree',
  brand: '/v2/brands/:id',
  parent: '/v2/brands/:id/relationships/parent',
  children: '/v2/brands/:id/relationships/children',
  /** Parent and children at once. */
  family: '/v2/brands/:id/relationships/brands',
} as const;

/** The slug of the flow whose fields brands have. */
export const flow = 'brands';

/** `data` of POST /v2/brands. Other members are ignored. */
export const NewBrand = Type.Object({
  type: Type.Literal('brand'),
  name: ShortText,
  /** Unique. */
  slug: ShortText,
  description: Type.Optional(LongText),
  /** Default: draft. Clients that read only what is live do not see drafts. */
  status: Type.Optional(Status),
});
export type NewBrand = Static<typeof NewBrand>;

/** `data` of PUT /v2/brands/:id: members that are absent keep their value. */
export const BrandChange = Type.Partial(Type.Object({ ...NewBrand.properties, id: Type.String() }));
export type BrandChange = Static<typeof BrandChange>;

/** The facts about brands, each with the version of its schema, which only ever grows. */
export const events = {
  created: { type: 'brand.created', version: 1 },
  updated: { type: 'brand.updated', version: 1 },
  /** Its state is null. */
  deleted: { type: 'brand.deleted', version: 1 },
} as const;

/** The state that `brand.created` and `brand.updated` carry: the whole brand, without what belongs to products. */
export const BrandState = Type.Object({
  id: Type.String(),
  parent_id: Type.Union([Type.String(), Type.Null()]),
  name: Type.String(),
  slug: Type.String(),
  description: Type.String(),
  status: Status,
  /** Microseconds since the epoch, as text. */
  created_at: Type.String(),
  updated_at: Type.String(),
});
export type BrandState = Static<typeof BrandState>;
