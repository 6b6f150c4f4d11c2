import { createHash, hash } from 'node:crypto';

/**
 * An aggregate's whole state as it travels: plain JSON. Times and money are text or integers, never floats. What both sides
 * keep as a double may be a number.
 */
export type State = Readonly<Record<string, unknown>>;

/**
 * The digest of one aggregate. Both sides compute it with this function, so equal digests mean equal states. Members are
 * sorted by name; an absent member and `null` are different.
 *
 * @returns SHA-256, base64url, 43 characters
 */
export function digestOf(key: string, state: State): string {
  // One call, without an object for each aggregate: comparisons hash hundreds of thousands.
  return hash('sha256', `${key}\0${canonical(state)}`, 'base64url');
}

/**
 * The digest of a range of aggregates, from the digests of its members in the order of their keys.
 */
export function rangeDigest(members: Iterable<string>): string {
  const hash = createHash('sha256');
  for (const member of members) hash.update(member).update('\n');
  return hash.digest('base64url');
}

/** JSON with sorted members (RFC 8785: `JSON.stringify` writes the shortest text that means the same double). */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    let members = '';
    for (const name of Object.keys(value).sort()) {
      const member = (value as Record<string, unknown>)[name];
      if (member === undefined) continue;
      members += `${members === '' ? '' : ','}${JSON.stringify(name)}:${canonical(member)}`;
    }
    return `{${members}}`;
  }
  return JSON.stringify(value);
}
