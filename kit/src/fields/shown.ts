import type { attributesReply } from '../api/attributes.ts';
import type { Members } from '../api/body.ts';
import { type Field, relationOf, type Values } from './definition.ts';
import type { Link } from './links.ts';

/**
 * A view of an entity with the members that fields add. They come first, so that none can hide a member of the entity.
 * Values of fields that there are not any more, or not now, are not shown.
 */
export function withFields<View extends object>(fields: readonly Field[], values: Values, view: View): View {
  if (fields.length === 0) return view;
  const members: Members = {};
  const relationships: Record<string, { data: Link | readonly Link[] | null }> = {};
  for (const field of fields) {
    const value = (Object.hasOwn(values, field.id) ? values[field.id] : null) ?? null;
    if (value === null && field.omit_null) continue;
    const relation = relationOf(field);
    if (relation === undefined) members[field.slug] = value;
    else relationships[field.slug] = { data: value === null && relation.toMany ? [] : (value as Link | Link[] | null) };
  }
  const own = (view as { relationships?: Members }).relationships;
  const isLinked = Object.keys(relationships).length > 0;
  return { ...members, ...view, ...(isLinked && { relationships: { ...relationships, ...own } }) };
}

/** `GET …/attributes` of an entity: its own members, then those of its fields. */
export function attributesWithFields(own: ReturnType<typeof attributesReply>, fields: readonly Field[]) {
  return { ...own, data: [...own.data, ...fields.map(attributeOf)] };
}

/** A field as `GET …/attributes` describes it. */
export function attributeOf({ name, slug, field_type, required, description, validation_rules }: Field) {
  const allowed = validation_rules.find((rule) => rule.type === 'enum');
  return {
    label: name,
    value: slug,
    type: field_type,
    required,
    description,
    ...(allowed?.type === 'enum' && { options: allowed.options }),
  };
}
