import { createHash } from 'node:crypto';
import type { MeshConfig } from '../model.ts';
import type { Json } from '../shapes/shape.ts';

/** JSON with the keys of every object sorted: equal data gives equal text. */
export function canonicalJson(value: unknown, indent?: number): string {
  return JSON.stringify(sorted(value as Json), null, indent);
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key] as Json)]));
}

/** SHA-256 of a configuration, 64 hex digits, independent of notation and order. Usable as an ETag. */
export function digestOf(config: MeshConfig): string {
  return createHash('sha256').update(canonicalJson(config)).digest('hex');
}
