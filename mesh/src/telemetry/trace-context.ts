import { randomFillSync } from 'node:crypto';
import type { Headers } from '../headers.ts';

/** The trace context of a request. */
export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. Null if only a decision came (`b3: 0`). */
  traceId: string | null;
  /** The caller's span: 16 lower-case hex digits, not all zero. Null exactly if `traceId` is. */
  parentId: string | null;
  /** The caller's decision; null if the caller deferred it. */
  sampled: boolean | null;
  /** B3's debug flag: sampled whatever the sampler decides. */
  debug: boolean;
}

/** The forms in which a context travels: W3C Trace Context, B3 in one field, B3 in several. */
export interface Forms {
  w3c: boolean;
  b3: boolean;
  b3multi: boolean;
}

/** The part of a span that travels. */
interface Identity {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
  readonly debug: boolean;
}

const traceparentForm = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const b3Form = /^([0-9a-f]{16}(?:[0-9a-f]{16})?)-([0-9a-f]{16})(?:-([01d])(?:-[0-9a-f]{16})?)?$/;
const traceIdForm = /^[0-9a-f]{16}(?:[0-9a-f]{16})?$/;
const spanIdForm = /^[0-9a-f]{16}$/;
const zeros = /^0+$/;

/**
 * Reads a `traceparent` (https://www.w3.org/TR/trace-context/, level 1); null for a malformed one, and then a new trace
 * begins (section 3.2.2).
 */
export function readTraceparent(value: string): TraceContext | null {
  const match = traceparentForm.exec(value);
  if (match === null) return null;
  const [, version, traceId = '', parentId = '', flags = '00', more] = match;
  if (version === 'ff' || (version === '00' && more !== undefined)) return null;
  if (zeros.test(traceId) || zeros.test(parentId)) return null;
  return { traceId, parentId, sampled: (Number.parseInt(flags, 16) & 1) === 1, debug: false };
}

/** Reads B3's single field (https://github.com/openzipkin/b3-propagation): a whole context or only a decision. */
export function readB3(value: string): TraceContext | null {
  if (value === '0' || value === '1' || value === 'd') return decision(value);
  const match = b3Form.exec(value.toLowerCase());
  if (match === null) return null;
  const [, traceId = '', parentId = '', flag] = match;
  return identified(traceId, parentId, flag === undefined ? undecided : decision(flag));
}

/** Reads B3's several fields; undefined = absent. */
export function readB3Multi(
  traceId: string | undefined,
  spanId: string | undefined,
  sampled: string | undefined,
  flags: string | undefined,
): TraceContext | null {
  const decided =
    flags === '1' ? decision('d') : sampled === undefined ? undecided : decision(sampledForms.get(sampled) ?? '');
  if (traceId === undefined && spanId === undefined) return decided === undecided ? null : decided;
  const trace = (traceId ?? '').toLowerCase();
  const parent = (spanId ?? '').toLowerCase();
  if (!traceIdForm.test(trace) || !spanIdForm.test(parent)) return null;
  return identified(trace, parent, decided);
}

const undecided: TraceContext = { traceId: null, parentId: null, sampled: null, debug: false };
// Tracers wrote `true` and `false` before B3 was specified.
const sampledForms = new Map([
  ['0', '0'],
  ['1', '1'],
  ['true', '1'],
  ['false', '0'],
]);

function decision(flag: string): TraceContext {
  if (flag !== '0' && flag !== '1' && flag !== 'd') return undecided;
  return { traceId: null, parentId: null, sampled: flag !== '0', debug: flag === 'd' };
}

function identified(traceId: string, parentId: string, { sampled, debug }: TraceContext): TraceContext | null {
  if (zeros.test(traceId) || zeros.test(parentId)) return null;
  return { traceId: traceId.padStart(32, '0'), parentId, sampled, debug };
}

/** The trace context of a request, and the forms in which it came (well-formed or not). */
export interface Incoming {
  context: TraceContext | null;
  forms: Forms;
  /** `tracestate` belongs to a readable `traceparent`; otherwise it must not travel on. */
  keepsTracestate: boolean;
}

/** A request without trace context: most requests from outside. */
export const nothing: Incoming = {
  context: null,
  forms: { w3c: false, b3: false, b3multi: false },
  keepsTracestate: false,
};

/** Reads the trace context of a request in one pass: W3C before B3, B3's single field before its several ones. */
export function readContext(headers: readonly string[]): Incoming {
  let traceparent: string | undefined;
  let b3: string | undefined;
  let traceId: string | undefined;
  let spanId: string | undefined;
  let sampled: string | undefined;
  let flags: string | undefined;
  let found = false;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (!name.startsWith('trace') && !name.startsWith('b3') && !name.startsWith('x-b3-')) continue;
    found = true;
    // Two of them name no parent: neither can be trusted.
    if (name === 'traceparent') traceparent = traceparent === undefined ? headers[i + 1] : '';
    else if (name === 'b3') b3 ??= headers[i + 1];
    else if (name.startsWith('x-b3-')) {
      if (name === 'x-b3-traceid') traceId ??= headers[i + 1];
      else if (name === 'x-b3-spanid') spanId ??= headers[i + 1];
      else if (name === 'x-b3-sampled') sampled ??= headers[i + 1];
      else if (name === 'x-b3-flags') flags ??= headers[i + 1];
    }
  }
  if (!found) return nothing;
  const w3c = traceparent === undefined ? null : readTraceparent(traceparent);
  const b3multi = traceId !== undefined || spanId !== undefined || sampled !== undefined || flags !== undefined;
  const context =
    w3c ?? (b3 === undefined ? null : readB3(b3)) ?? (b3multi ? readB3Multi(traceId, spanId, sampled, flags) : null);
  return {
    context,
    forms: { w3c: traceparent !== undefined, b3: b3 !== undefined, b3multi },
    keepsTracestate: w3c !== null,
  };
}

/** Replaces the trace context in `headers` by that of `span`, in every form of `forms`. In place. */
export function writeContext(headers: Headers, span: Identity, forms: Forms, incoming: Incoming): void {
  if (incoming !== nothing) dropContext(headers, incoming.keepsTracestate);
  if (forms.w3c) headers.push('traceparent', traceparentOf(span));
  if (forms.b3) headers.push('b3', b3Of(span));
  if (forms.b3multi) {
    headers.push('x-b3-traceid', b3TraceId(span.traceId), 'x-b3-spanid', span.spanId);
    // Debug implies sampled, which must not be sent as well.
    if (span.debug) headers.push('x-b3-flags', '1');
    else headers.push('x-b3-sampled', span.sampled ? '1' : '0');
  }
}

function dropContext(headers: Headers, keepsTracestate: boolean): void {
  let kept = 0;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (name === 'traceparent' || name === 'b3' || name.startsWith('x-b3-')) continue;
    if (name === 'tracestate' && !keepsTracestate) continue;
    if (kept !== i) {
      headers[kept] = name;
      headers[kept + 1] = headers[i + 1] as string;
    }
    kept += 2;
  }
  headers.length = kept;
}

/** Replaces the parent by `span` in headers that `writeContext` has written. In place. */
export function restampContext(headers: Headers, span: Identity): void {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i];
    if (name === 'traceparent') headers[i + 1] = traceparentOf(span);
    else if (name === 'b3') headers[i + 1] = b3Of(span);
    else if (name === 'x-b3-spanid') headers[i + 1] = span.spanId;
  }
}

function traceparentOf({ traceId, spanId, sampled }: Identity): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

function b3Of({ traceId, spanId, sampled, debug }: Identity): string {
  return `${b3TraceId(traceId)}-${spanId}-${debug ? 'd' : sampled ? '1' : '0'}`;
}

/** A 64-bit id goes back as it came: its makers look for it. */
function b3TraceId(traceId: string): string {
  return traceId.startsWith('0000000000000000') ? traceId.slice(16) : traceId;
}

/** Makes ids of `bytes` random bytes, in hex. */
export type NewId = (bytes: 8 | 16) => string;

/** Random ids cut from a long hexadecimal text: a system call per id would cost more than the rest of the span. */
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
