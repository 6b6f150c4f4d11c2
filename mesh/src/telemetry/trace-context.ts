import { randomFillSync } from 'node:crypto';

/** W3C Trace Context, level 1 (https://www.w3.org/TR/trace-context/): the part that travels. */
export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. */
  traceId: string;
  /** The caller's span: 16 lower-case hex digits, not all zero. */
  parentId: string;
  sampled: boolean;
}

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Reads a `traceparent`; null for one that is malformed, and then a new trace begins (section 3.2.2). */
export function readTraceparent(value: string): TraceContext | null {
  const match = form.exec(value);
  if (match === null) return null;
  const [, version, traceId = '', parentId = '', flags = '00', more] = match;
  if (version === 'ff' || (version === '00' && more !== undefined)) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return null;
  return { traceId, parentId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function writeTraceparent(traceId: string, spanId: string, sampled: boolean): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** Makes ids of `bytes` random bytes, in hex. */
export type NewId = (bytes: 8 | 16) => string;

/** Random ids cut from a long hexadecimal text: a call to the system per id would cost more than the rest of the span. */
export function randomIds(): NewId {
  const bytes = Buffer.alloc(4096);
  let text = '';
  let at = 0;
  return (count) => {
    const digits = count * 2;
    if (at + digits > text.length) {
      text = randomFillSync(bytes).toString('hex');
      at = 0;
    }
    at += digits;
    return text.slice(at - digits, at);
  };
}
