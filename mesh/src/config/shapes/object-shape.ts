import { closest } from '../closest.ts';
import { didYouMean } from '../fault.ts';
import type { Cursor } from '../tree/cursor.ts';
import { type FieldDescription, type Json, partial, type Shape } from './shape.ts';

/** One field of an object: its key in the document, and how to read and describe it. */
export interface Field<T, Presence extends 'present' | 'absent'> {
  key: string;
  shape: Shape<T>;
  presence: 'required' | 'optional' | 'default';
  defaultValue?: T;
  doc: string;
  /** Only for the type: whether the property can be absent once read. */
  phantom?: Presence;
}

export function required<T>(key: string, shape: Shape<T>, doc: string): Field<T, 'present'> {
  return { key, shape, presence: 'required', doc };
}

export function optional<T>(key: string, shape: Shape<T>, doc: string): Field<T, 'absent'> {
  return { key, shape, presence: 'optional', doc };
}

export function withDefault<T>(key: string, shape: Shape<T>, defaultValue: T, doc: string): Field<T, 'present'> {
  return { key, shape, presence: 'default', defaultValue, doc };
}

/** A mapping whose fields all have defaults. */
export function nested<T>(key: string, shape: Shape<T>, doc: string): Field<T, 'present'> {
  return { key, shape, presence: 'default', defaultValue: shape.fallback, doc };
}

/** `fields` in a document that other documents are merged with (see `partial`). */
export function partialFields<F extends Readonly<Record<string, { shape: unknown }>>>(fields: F): F {
  const entries = Object.entries(fields).map(([property, field]) => [
    property,
    { ...field, shape: partial(field.shape as Shape<unknown>) },
  ]);
  return Object.fromEntries(entries) as F;
}

// The value types differ from field to field; `never` in contravariant places lets them share one table.
type AnyField = Field<never, 'present'> | Field<never, 'absent'>;
type FieldTable = Readonly<Record<string, { key: string; presence: string; doc: string }>>;

/** The type that an object shape reads: the property names are the model's, the keys are the document's. */
export type Fields<F> = {
  [K in keyof F as F[K] extends Field<infer _T, 'present'> ? K : never]: F[K] extends Field<infer T, 'present'>
    ? T
    : never;
} & {
  [K in keyof F as F[K] extends Field<infer _T, 'present'> ? never : K]?: F[K] extends Field<infer T, 'absent'>
    ? T
    : never;
};

export interface ObjectOptions {
  /** Keys that the mesh accepts and ignores. */
  ignored?: readonly string[];
  /** Known keys that the mesh does not support, each with the reason. */
  unsupported?: Readonly<Record<string, string>>;
}

export function object<F extends FieldTable>(fields: F, options: ObjectOptions = {}): Shape<Fields<F>> {
  const table = fields as unknown as Readonly<Record<string, AnyField>>;
  const ignored = new Set(options.ignored);
  const unsupported = new Map(Object.entries(options.unsupported ?? {}));
  const byKey = new Map(Object.entries(table).map(([property, field]) => [field.key, { property, field }]));

  const fallback: Record<string, unknown> = {};
  for (const [property, field] of Object.entries(table)) {
    if (field.presence === 'default') fallback[property] = field.defaultValue;
    if (field.presence === 'required') fallback[property] = field.shape.fallback;
  }

  function read(at: Cursor): Fields<F> {
    const { tree } = at;
    // A copy, so that a later step cannot change the default of all documents.
    const value: Record<string, unknown> = structuredClone(fallback);
    if (tree.kind !== 'map') {
      at.unreadable('must be a mapping (keys and values)');
      return value as Fields<F>;
    }
    for (const [key, entry] of tree.entries) {
      if (at.full) break;
      const known = byKey.get(key);
      // Kubernetes reads `key: null` as if the key were not there.
      if (entry.value.kind === 'scalar' && entry.value.value === null) continue;
      if (known !== undefined) value[known.property] = known.field.shape.read(at.child(key, entry.value));
      else if (unsupported.has(key)) {
        at.fault([key], `is not supported: ${unsupported.get(key)}`, { place: entry.keyPlace });
      } else if (!ignored.has(key)) {
        const near = closest(
          key,
          [...byKey.keys()].filter((candidate) => !tree.entries.has(candidate)),
        );
        at.fault([key], 'is not a known field', {
          place: entry.keyPlace,
          hideValue: true,
          ...didYouMean(near),
        });
      }
    }
    for (const { key, presence, shape } of Object.values(table)) {
      const entry = tree.entries.get(key)?.value;
      const absent = entry === undefined || (entry.kind === 'scalar' && entry.value === null);
      if (presence === 'required' && absent && !at.partial)
        at.fault([key], `is required: ${shape.says}`, { hideValue: true });
    }
    return inOrder(value) as Fields<F>;
  }

  /** Members in the order of the table, not of the document: equal values are written the same. */
  function inOrder(value: Record<string, unknown>): Record<string, unknown> {
    const ordered: Record<string, unknown> = {};
    for (const property of Object.keys(table)) if (value[property] !== undefined) ordered[property] = value[property];
    return ordered;
  }

  function write(value: Fields<F>): Json {
    const written: Record<string, Json> = {};
    for (const [property, field] of Object.entries(table)) {
      const inner = (value as Record<string, unknown>)[property];
      if (inner !== undefined) written[field.key] = field.shape.write(inner as never);
    }
    return written;
  }

  return { says: 'a mapping', fallback: fallback as Fields<F>, read, write, inside: { fields: describe(table) } };
}

function describe(table: Readonly<Record<string, AnyField>>): Record<string, FieldDescription> {
  const described: Record<string, FieldDescription> = {};
  for (const { key, shape, presence, defaultValue, doc } of Object.values(table)) {
    described[key] = {
      key,
      says: shape.says,
      presence,
      doc,
      ...(presence === 'default' ? { defaultText: JSON.stringify(shape.write(defaultValue as never)) } : {}),
      ...(shape.inside === undefined ? {} : { inside: shape.inside }),
    };
  }
  return described;
}
