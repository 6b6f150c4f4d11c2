import Type, { type Static, type TSchema } from 'typebox';
import { type Check, checker } from '../api/validate.ts';
import type { FieldType } from './field-types.ts';

const Scalar = Type.Union([Type.String({ maxLength: 255 }), Type.Number(), Type.Boolean()]);

/** A rule for the values of a field. */
export type Rule =
  | { type: 'enum'; options: Static<typeof Scalar>[] }
  | { type: 'between'; options: { from: string | number; to: string | number } }
  | { type: 'email' | 'slug' }
  | { type: 'one-to-many' | 'one-to-one'; to: string };

const DateText = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}', maxLength: 40 });
const enumOf = (member: TSchema) =>
  Type.Object({ type: Type.Literal('enum'), options: Type.Array(member, { minItems: 1, maxItems: 1_000 }) });
const between = (member: TSchema) =>
  Type.Object({ type: Type.Literal('between'), options: Type.Object({ from: member, to: member }) });
const plain = (type: string) => Type.Object({ type: Type.Literal(type) });

const rulesByType: Readonly<Record<FieldType, Readonly<Record<string, TSchema>>>> = {
  string: { enum: enumOf(Type.String({ maxLength: 255 })), email: plain('email'), slug: plain('slug') },
  integer: { between: between(Type.Integer()), enum: enumOf(Type.Integer()) },
  float: { between: between(Type.Number()), enum: enumOf(Type.Number()) },
  date: { between: between(DateText), enum: enumOf(DateText) },
  boolean: {},
  relationship: {
    'one-to-many': Type.Object({ type: Type.Literal('one-to-many'), to: Type.String({ minLength: 1 }) }),
    'one-to-one': Type.Object({ type: Type.Literal('one-to-one'), to: Type.String({ minLength: 1 }) }),
  },
};

/** The names of the rules that a type of field allows. */
export function rulesOf(type: FieldType): string[] {
  return Object.keys(rulesByType[type]);
}

const checks = new Map<string, Check<TSchema>>();

/**
 * Checks one rule of a field. `source` is its path, such as `data.validation_rules.0`.
 * @throws ShopError `validation_failed` when the rule is none of the type's, or its options are wrong
 */
export function checkRule(type: FieldType, rule: { type: string }, source: string): Rule {
  const schema = Object.hasOwn(rulesByType[type], rule.type) ? rulesByType[type][rule.type] : undefined;
  const allowed = Type.Object({ type: Type.Enum(rulesOf(type)) });
  const key = `${type} ${schema === undefined ? '' : rule.type} ${source}`;
  const check = checks.get(key) ?? checker(schema ?? allowed, source);
  checks.set(key, check);
  return check(rule) as Rule;
}

/** The rule of a relationship field. */
export function relationOf(rules: readonly Rule[]): { toMany: boolean; to: string } | undefined {
  for (const rule of rules) if ('to' in rule) return { toMany: rule.type === 'one-to-many', to: rule.to };
  return undefined;
}
