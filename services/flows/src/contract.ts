import { LongText, ShortText } from '@banyan/kit/api';
import Type, { type Static } from '@banyan/kit/typebox';

/** What other services may import from this one: paths and bodies. It publishes no facts. */
export const paths = {
  flows: '/v2/flows',
  flowsAttributes: '/v2/flows/attributes',
  /** A flow can be named by its id or by its slug, here and below. */
  flow: '/v2/flows/:id',
  fieldsOfFlow: '/v2/flows/:id/fields',
  attributesOfFlow: '/v2/flows/:id/attributes',
  entries: '/v2/flows/:id/entries',
  entry: '/v2/flows/:id/entries/:entry',
  links: '/v2/flows/:id/entries/:entry/relationships/:field',
  fields: '/v2/fields',
  fieldsAttributes: '/v2/fields/attributes',
  field: '/v2/fields/:id',
  /** For services, with the credentials of introspection: the fields of an entity, `slug` in the query. */
  forPeers: '/internal/fields',
  /** For services: entries as an include shows them, `to` (a slug) and `ids` in the query. */
  entriesForPeers: '/internal/fields/entries',
  /** For services: which targets of links exist, `to` (of a rule) and `id`, which may be repeated, in the query. */
  targetsForPeers: '/internal/fields/targets',
} as const;

/** Slugs of flows and fields: members of JSON objects, and segments of paths. */
export const slugPattern = '^[A-Za-z][A-Za-z0-9_-]{0,99}$';
export const Slug = Type.String({ pattern: slugPattern });

/** `data` of POST /v2/flows. Other members are ignored. */
export const NewFlow = Type.Object({
  type: Type.Literal('flow'),
  name: ShortText,
  /** Unique. That of a core entity (`products` and so on) adds fields to it. */
  slug: Slug,
  description: LongText,
  /** Entities show no fields of a flow that is disabled. */
  enabled: Type.Boolean(),
});

/** `data` of PUT /v2/flows/:id: members that are absent keep their value. */
export const FlowChange = Type.Partial(Type.Object({ ...NewFlow.properties, id: Type.String() }));
export type FlowChange = Static<typeof FlowChange>;

export const fieldTypes = ['string', 'integer', 'boolean', 'float', 'date', 'relationship'] as const;

/** Members of a field that may be left out. */
const optional = {
  /** No two entries have the same value. */
  unique: Type.Optional(Type.Boolean()),
  enabled: Type.Optional(Type.Boolean()),
  /** The place of the field among the members of an entity. */
  order: Type.Optional(Type.Union([Type.Integer({ minimum: 0, maximum: 1_000_000 }), Type.Null()])),
  /** An entity without a value does not show the member. */
  omit_null: Type.Optional(Type.Boolean()),
  validation_rules: Type.Optional(Type.Array(Type.Object({ type: Type.String() }), { maxItems: 20 })),
};

/** `data` of POST /v2/fields, beside `default` and `relationships.flow`. */
export const NewField = Type.Object({
  type: Type.Literal('field'),
  name: ShortText,
  /** Unique within the flow. */
  slug: Slug,
  field_type: Type.Enum([...fieldTypes]),
  description: LongText,
  required: Type.Boolean(),
  ...optional,
});
export type NewField = Static<typeof NewField>;

/** `data` of PUT /v2/fields/:id. The type cannot change. */
export const FieldChange = Type.Partial(Type.Object({ ...NewField.properties, id: Type.String() }));
