import { badRequest } from '../api/faults.ts';

/** Characters that a key may have. */
export const MAX_KEY_LENGTH = 255;

/**
 * The key of an `Idempotency-Key` field: a quoted string (RFC 9651, section 3.3.3; draft-ietf-httpapi-idempotency-key-header,
 * section 2.1), or a bare one without spaces and quotes, which is what most clients send. Both forms of one key are equal.
 * Undefined where the field is absent. Throws 400 where the value is neither, or is longer than `MAX_KEY_LENGTH`.
 */
export function parseKey(field: string | string[] | undefined): string | undefined {
  if (field === undefined) return undefined;
  const text = Array.isArray(field) ? field.join(', ') : field.trim();
  const key = /^"(?:[ !#-[\]-~]|\\["\\])+"$/.test(text)
    ? text.slice(1, -1).replaceAll(/\\(["\\])/g, '$1')
    : /^[!#-~]+$/.test(text)
      ? text
      : undefined;
  if (key === undefined || key.length > MAX_KEY_LENGTH) {
    throw badRequest(`Idempotency-Key is one text of 1 to ${MAX_KEY_LENGTH} visible ASCII characters`);
  }
  return key;
}
