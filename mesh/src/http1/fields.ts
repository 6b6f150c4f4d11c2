import type { Headers } from '../headers.ts';
import type { FaultOf } from './fault.ts';

/** RFC 9110 section 5.6.2, in lower case. */
const token = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** Characters that no field value may have (RFC 9110 section 5.5), among them a bare CR, a bare LF and NUL. */
const notInValue = /[^\t\x20-\x7e\x80-\xff]/;

/** The bound keeps clients from filling the memory with names that they invent. */
const knownMax = 512;

/** Reads field lines: `text` from `start` on, where every line ends in CRLF. */
export type FieldReader = (text: string, start: number) => Headers;

/**
 * Creates a reader of field lines (RFC 9112 section 5). Folded lines and bare line ends are faults. The reader returns
 * names in lower case and values without surrounding whitespace, in the order received.
 *
 * @param blankBeforeColon how whitespace between a name and its colon is treated: as a fault in a request, and dropped
 * in a reply (section 5.1)
 */
export function fieldReader(fault: FaultOf, blankBeforeColon: 'fault' | 'dropped'): FieldReader {
  /** Names as received, with their lower-case form. Names repeat, and a look-up is cheaper than a check. */
  const known = new Map<string, string>();

  function nameOf(raw: string): string {
    const found = known.get(raw);
    if (found !== undefined) return found;
    const name = (blankBeforeColon === 'dropped' ? raw.replace(/[\t ]+$/, '') : raw).toLowerCase();
    if (!token.test(name)) throw fault('BAD_FIELD');
    // Copies the text: a slice would keep the whole head in memory.
    if (known.size < knownMax) known.set(copyOf(raw), copyOf(name));
    return name;
  }

  return (text, start) => {
    const fields: Headers = [];
    let at = start;
    while (at < text.length) {
      const end = text.indexOf('\r\n', at);
      const colon = text.indexOf(':', at);
      if (end < 0 || colon < 0 || colon > end) throw fault('BAD_FIELD');
      const name = nameOf(text.slice(at, colon));
      let from = colon + 1;
      let to = end;
      while (from < to && isBlank(text.charCodeAt(from))) from += 1;
      while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
      const value = text.slice(from, to);
      if (notInValue.test(value)) throw fault('BAD_FIELD');
      fields.push(name, value);
      at = end + 2;
    }
    return fields;
  };
}

function copyOf(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

function isBlank(char: number): boolean {
  return char === 0x20 || char === 0x09;
}
