/** RFC 3986 section 2.3. */
const unreserved = /[\w.~-]/;

/**
 * Where an escape that is cut short stands before one that decodes to a hex digit: decoded, the two make a new escape,
 * which the service would decode once more.
 */
const joins = /%[0-9a-f]?%(?:3[0-9]|[46][1-6])/i;

/**
 * A path in the normal form of RFC 3986 section 6.2.2: escapes of unreserved characters are decoded, once, and all other
 * escapes have upper-case digits. Escapes that are cut short (`%`, `%4`, `%zz`) stay as they are.
 *
 * @returns null where decoding would make a new escape of parts of two
 */
export function normalizedPath(path: string): string | null {
  if (joins.test(path)) return null;
  return path.replace(/%[0-9a-f]{2}/gi, (encoded) => {
    const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
    return unreserved.test(character) ? character : encoded.toUpperCase();
  });
}
