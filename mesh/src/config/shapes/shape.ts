import type { Cursor } from '../tree/cursor.ts';

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A part of the document language: how to read it, write it and describe it. */
export interface Shape<T> {
  /** For faults ("must be …") and the reference. */
  readonly says: string;
  /** Replaces a value that could not be read, so that reading goes on to the next fault. */
  readonly fallback: T;
  /** Reads the value at `at` and reports its faults there. With a fault, the result is a stand-in. */
  read(at: Cursor): T;
  /** The inverse of `read`: the canonical form in a document. */
  write(value: T): Json;
  /** The fields or items inside, for the reference. */
  readonly inside?: Inside;
}

export type Inside = { fields: Readonly<Record<string, FieldDescription>> } | { item: Shape<never> };

/** A field as the reference shows it. */
export interface FieldDescription {
  key: string;
  says: string;
  presence: 'required' | 'optional' | 'default';
  /** Canonical text of the default, where there is one. */
  defaultText?: string;
  doc: string;
  inside?: Inside;
}

/** The shape of a value that reads as `S` in the document and is `T` in the model. */
export function mapped<S, T>(shape: Shape<S>, into: (value: S) => T, back: (value: T) => S): Shape<T> {
  return {
    says: shape.says,
    fallback: into(shape.fallback),
    read: (at) => into(shape.read(at)),
    write: (value) => shape.write(back(value)),
    ...(shape.inside === undefined ? {} : { inside: shape.inside }),
  };
}

/**
 * Adds a rule about the whole value that `shape` reads. The rule also runs if parts of the value are faulty, but not where
 * other documents may give the rest of it.
 */
export function ruled<T>(shape: Shape<T>, rule: (value: T, at: Cursor) => void): Shape<T> {
  return {
    ...shape,
    read: (at) => {
      const value = shape.read(at);
      if (!at.partial) rule(value, at);
      return value;
    },
  };
}

/** `shape` in a document that other documents are merged with: what is required may be given there. */
export function partial<T>(shape: Shape<T>): Shape<T> {
  return { ...shape, read: (at) => shape.read(at.asPartial()) };
}

export function list<T>(item: Shape<T>, limits: { min?: number; max: number }): Shape<T[]> {
  const { min = 0, max } = limits;
  const range = `${min === 0 ? 'at most' : `${min} to`} ${max}`;
  return {
    says: item.says === 'a mapping' ? `a list of ${range} mappings` : `a list of ${range}, each ${item.says}`,
    fallback: [],
    read: (at) => {
      if (at.tree.kind !== 'list') {
        at.unreadable('must be a list');
        return [];
      }
      const { items } = at.tree;
      if (items.length < min) at.fault([], `must have at least ${min} ${min === 1 ? 'entry' : 'entries'}`);
      if (items.length > max) at.fault([], `must not have more than ${max} entries`);
      return items.slice(0, max).map((tree, index) => item.read(at.child(index, tree)));
    },
    write: (values) => values.map((value) => item.write(value)),
    inside: { item: item as Shape<unknown> as Shape<never> },
  };
}
