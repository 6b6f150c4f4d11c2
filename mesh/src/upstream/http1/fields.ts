import type { Headers } from '../../headers.ts';
import { replyFault } from './fault.ts';

/** RFC 9110 section 5.6.2, in lower case. */
const token = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** What no field value may have (RFC 9110 section 5.5); a bare CR, a bare LF and NUL are among it. */
const notInValue = /[^\t\x20-\x7e\x80-\xff]/;

/** Names as they came, with their lower-case form: services send the same few, and checking one costs more than finding it. */
const known = new Map<string, string>();
/** So that a service cannot fill the memory with names that it makes up. */
const knownMax = 512;

function nameOf(raw: string): string {
  const found = known.get(raw);
  if (found !== undefined) return found;
  const name = raw.toLowerCase();
  if (!token.test(name)) throw replyFault('BAD_FIELD');
  // Copies: a part of a head would keep the whole head in memory.
  if (known.size < knownMax) known.set(Buffer.from(raw, 'latin1').toString('latin1'), name);
  return name;
}

/**
 * Reads field lines (RFC 9112 section 5): `text` from `start` on, every line ended by CRLF. Folded lines, whitespace
 * before the colon and bare line ends are refused.
 *
 * @returns names in lower case, values without the whitespace around them, in the order received
 * @throws MeshError upstream_garbage
 */
export function readFields(text: string, start: number): Headers {
  const fields: Headers = [];
  let at = start;
  while (at < text.length) {
    const end = text.indexOf('\r\n', at);
    const colon = text.indexOf(':', at);
    if (end < 0 || colon < 0 || colon > end) throw replyFault('BAD_FIELD');
    const name = nameOf(text.slice(at, colon));
    let from = colon + 1;
    let to = end;
    while (from < to && isBlank(text.charCodeAt(from))) from += 1;
    while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
    const value = text.slice(from, to);
    if (notInValue.test(value)) throw replyFault('BAD_FIELD');
    fields.push(name, value);
    at = end + 2;
  }
  return fields;
}

function isBlank(char: number): boolean {
  return char === 0x20 || char === 0x09;
}
