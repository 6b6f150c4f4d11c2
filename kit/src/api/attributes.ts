import type { TObject } from '../../vendor/typebox.js';

/** `GET …/attributes`: describes the members of an entity, so that clients can build forms. */
export function attributesReply(entity: string, schema: TObject) {
  const required: readonly string[] = (schema as { required?: string[] }).required ?? [];
  const data = Object.entries(schema.properties).map(([value, member]) => {
    const { type, enum: options } = member as { type?: string; enum?: readonly unknown[] };
    return {
      label: value.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase()),
      value,
      type: type ?? 'string',
      required: required.includes(value),
      description: '',
      ...(options && { options }),
    };
  });
  return { data, meta: { entity, version: 'v2' } };
}
