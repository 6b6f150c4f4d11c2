import { checker } from '@banyan/kit/api';
import type { Field, Rule } from '@banyan/kit/fields';
import Type, { type TSchema } from '@banyan/kit/typebox';

export type FieldType = Field['field_type'];

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

const checks = new Map<string, (rule: unknown) => unknown>();

/**
 * Checks one rule of a field.
 *
 * @param source its path, such as `data.validation_rules.0`
 * @throws ServiceError `validation_failed`: the rule is none of the type's, or its options are wrong
 */
export function checkRule(type: FieldType, rule: { type: string }, source: string): Rule {
  const schema = Object.hasOwn(rulesByType[type], rule.type) ? rulesByType[type][rule.type] : undefined;
  const allowed = Type.Object({ type: Type.Enum(Object.keys(rulesByType[type])) });
  const key = `${type} ${schema === undefined ? '' : rule.type} ${source}`;
  const check = checks.get(key) ?? checker(schema ?? allowed, source);
  checks.set(key, check);
  return check(rule) as Rule;
}
