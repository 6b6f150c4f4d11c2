import { createHash } from 'node:crypto';
import type { MeshConfig } from '../model.ts';
import type { Json } from '../shapes/shape.ts';

/** JSON with the keys of every object in order: equal data, equal text. */
export function canonicalJson(value: unknown, indent?: number): string {
  return JSON.stringify(sorted(value as Json), null, indent);
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key] as Json)]));
}

/** SHA-256 of what a configuration means, 64 hex digits: not of how, or in which order, it was written. Fit as an ETag. */
export function digestOf(config: MeshConfig): string {
  return createHash('sha256').update(canonicalJson(config)).digest('hex');
}
