import { badRequest } from '../api/faults.ts';

/** The longest key, in characters. */
export const maxKeyLength = 255;

/**
 * The key in an `Idempotency-Key` header: a quoted string (RFC 9651, section 3.3.3;
 * draft-ietf-httpapi-idempotency-key-header, section 2.1) or, as most clients send it, a bare one without spaces and
 * quotes. Both forms of a key are equal. Undefined without the header.
 * @throws ShopError `bad_request` when the value has neither form, or is longer than `maxKeyLength`
 */
export function parseKey(field: string | string[] | undefined): string | undefined {
  if (field === undefined) return undefined;
  const text = Array.isArray(field) ? field.join(', ') : field.trim();
  const key = /^"(?:[ !#-[\]-~]|\\["\\])+"$/.test(text)
    ? text.slice(1, -1).replaceAll(/\\(["\\])/g, '$1')
    : /^[!#-~]+$/.test(text)
      ? text
      : undefined;
  if (key === undefined || key.length > maxKeyLength) {
    throw badRequest(`Idempotency-Key is one text of 1 to ${maxKeyLength} visible ASCII characters`);
  }
  return key;
}
