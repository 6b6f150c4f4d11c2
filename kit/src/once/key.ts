import { badRequest } from '../api/faults.ts';

const maxLength = 255;

/**
 * The key of a request: a quoted string (RFC 9651, section 3.3.3) or, as most clients send it, a bare one without spaces
 * and quotes. Undefined without the header.
 *
 * @param field the value of `Idempotency-Key`
 * @throws ServiceError `bad_request`: the value has neither form, or is longer than 255 characters
 */
export function keyOf(field: string | string[] | undefined): string | undefined {
  if (field === undefined) return undefined;
  const text = Array.isArray(field) ? field.join(', ') : field.trim();
  const key = /^"(?:[ !#-[\]-~]|\\["\\])+"$/.test(text)
    ? text.slice(1, -1).replaceAll(/\\(["\\])/g, '$1')
    : /^[!#-~]+$/.test(text)
      ? text
      : undefined;
  if (key === undefined || key.length > maxLength) {
    throw badRequest(`Idempotency-Key is one text of 1 to ${maxLength} visible ASCII characters`);
  }
  return key;
}
