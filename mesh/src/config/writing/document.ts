import { type DocumentTypes, type Kind, kinds } from '../kinds/kinds.ts';
import type { Json } from '../shapes/shape.ts';

export interface Metadata {
  name: string;
  namespace?: string;
}

/** A document of a kind in its canonical form. */
export function document<K extends Kind>(kind: K, value: DocumentTypes[K]): Record<string, Json> {
  const { apiVersion, shape } = kinds[kind];
  return { apiVersion, kind, ...(shape.write(value) as Record<string, Json>) };
}
