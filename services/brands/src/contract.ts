import { LongText, ShortText, Status } from '@banyan/kit/api';
import Type, { type Static } from '@banyan/kit/typebox';

/** What other services may import from this one: paths, bodies, and the facts that it publishes. */
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

const Link = (type: string) => Type.Object({ type: Type.Literal(type), id: Type.String() });

/** The state that `brand.created` and `brand.updated` carry: the brand as an administrator sees it. */
export const BrandFact = Type.Object({
  data: Type.Object({
    id: Type.String(),
    type: Type.Literal('brand'),
    name: Type.String(),
    slug: Type.String(),
    description: Type.String(),
    status: Status,
    /** RFC 3339 in UTC, with milliseconds. */
    meta: Type.Object({ timestamps: Type.Object({ created_at: Type.String(), updated_at: Type.String() }) }),
    /** Each member is absent without links. Links to products belong to products, and are not told of here yet. */
    relationships: Type.Object({
      products: Type.Optional(Type.Object({ data: Type.Array(Link('product')) })),
      parent: Type.Optional(Type.Object({ data: Link('brand') })),
      children: Type.Optional(Type.Object({ data: Type.Array(Link('brand')) })),
    }),
  }),
});
export type BrandFact = Static<typeof BrandFact>;
