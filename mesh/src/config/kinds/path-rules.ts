import { normalizedPath } from '../../percent-encoding.ts';

/** `value` in the normal form that requests have during matching. */
export function normalPath(value: string): string {
  return normalizedPath(value) ?? value;
}

/**
 * Why `value` is not a path that a request can have once it is normalized (Gateway API's rules for path matches), or
 * null.
 */
export function pathFault(value: string, options: { empty?: boolean } = {}): string | null {
  if (value === '' && options.empty === true) return null;
  if (!value.startsWith('/')) return 'must start with "/"';
  if (!/^[A-Za-z0-9/\-._~!$&'()*+,;=:@%]*$/.test(value))
    return 'must hold only characters of a path (no query, no spaces)';
  if (/%(?![0-9A-Fa-f]{2})/.test(value)) return 'must have two hex digits after each "%"';
  if (value.includes('//')) return 'must not hold "//"';
  if (/%2f/i.test(value)) return 'must not hold an encoded "/" (%2F)';
  if (/\/\.\.?(\/|$)/.test(normalPath(value))) return 'must not hold "." or ".." segments: no normalized path has them';
  return null;
}
