import Type, { type Static } from '../../vendor/typebox.js';

const Scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean()]);

/** A rule for the values of a field. A relationship has exactly one, which says what its links lead to. */
const Rule = Type.Union([
  Type.Object({ type: Type.Literal('enum'), options: Type.Array(Scalar) }),
  Type.Object({
    type: Type.Literal('between'),
    options: Type.Object({
      from: Type.Union([Type.String(), Type.Number()]),
      to: Type.Union([Type.String(), Type.Number()]),
    }),
  }),
  Type.Object({ type: Type.Enum(['email', 'slug']) }),
  Type.Object({ type: Type.Enum(['one-to-many', 'one-to-one']), to: Type.String() }),
]);
export type Rule = Static<typeof Rule>;

/** One member that an operator has added to an entity. */
export const Field = Type.Object({
  id: Type.String({ minLength: 1 }),
  /** The name of the member. */
  slug: Type.String({ minLength: 1 }),
  /** For people. */
  name: Type.String(),
  description: Type.String(),
  field_type: Type.Enum(['string', 'integer', 'boolean', 'float', 'date', 'relationship']),
  required: Type.Boolean(),
  unique: Type.Boolean(),
  /** The value of a new entity that gives none; null: no value. */
  default: Type.Unknown(),
  /** Without a value the member is left out, and not null. */
  omit_null: Type.Boolean(),
  validation_rules: Type.Array(Rule),
});
export type Field = Static<typeof Field>;

/** The flow of an entity, and the fields that its entities have now, in the order in which they are shown. */
export const Definitions = Type.Object({
  /** Null: there is no such flow, so there are no fields either. */
  flow: Type.Union([Type.Object({ id: Type.String(), slug: Type.String() }), Type.Null()]),
  fields: Type.Array(Field),
});
export type Definitions = Static<typeof Definitions>;

/** The stored values of one entity, by the id of the field: a field keeps its values when its slug changes. */
export type Values = Readonly<Record<string, unknown>>;

/** Values to write, by the id of the field; null unsets a value. */
export type NewValues = ReadonlyMap<string, unknown>;

/** What a relationship field leads to; undefined of another field. */
export function relationOf({ validation_rules }: Pick<Field, 'validation_rules'>) {
  for (const rule of validation_rules) if ('to' in rule) return { toMany: rule.type === 'one-to-many', to: rule.to };
  return undefined;
}
