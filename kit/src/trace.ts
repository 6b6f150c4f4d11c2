import type { IncomingHttpHeaders } from 'node:http';

/** Other services in the place of some, for one request and all that is done on its behalf: read by the mesh. */
export const overrideHeader = 'x-mesh-override';

/** On requests that are copies, and on all that is done on their behalf: nobody waits for the answer. Set by the mesh. */
export const shadowHeader = 'x-mesh-shadow';

/**
 * On a reply, with the value `false`: the mesh has tried this again already, or it must not be. Passed outwards with the
 * failure that comes of it (`ErrorDetails.retryable`), or every hop further out would try it again, too.
 */
export const retryableHeader = 'x-mesh-retryable';

/**
 * Headers that travel with a request through every service: for the mesh's spans of one journey to join up, for an
 * override to hold in all of it, and for a copy to be known as one everywhere.
 */
export interface TraceContext {
  traceparent?: string;
  tracestate?: string;
  baggage?: string;
  [overrideHeader]?: string;
  [shadowHeader]?: string;
}

/** W3C Trace Context, section 3.2: version 00, trace id, parent id, flags; ids of zeros only are invalid. */
const traceparentPattern = /^[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;

/** W3C Baggage, section 3.3: at most 8192 bytes are passed on. W3C Trace Context asks for 512 of `tracestate`. */
const limitBytes = { tracestate: 1024, baggage: 8192, [overrideHeader]: 4096, [shadowHeader]: 256 };

/**
 * The trace context of a request, to be handed to calls made on its behalf. A malformed `traceparent` is dropped, and
 * with it `tracestate`, which means nothing without it.
 */
export function traceContext(headers: IncomingHttpHeaders): TraceContext {
  const context: TraceContext = {};
  const { traceparent, tracestate, baggage } = headers;
  if (typeof traceparent === 'string' && traceparentPattern.test(traceparent)) {
    context.traceparent = traceparent;
    if (typeof tracestate === 'string' && tracestate.length <= limitBytes.tracestate) context.tracestate = tracestate;
  }
  if (typeof baggage === 'string' && baggage.length <= limitBytes.baggage) context.baggage = baggage;
  const override = headers[overrideHeader];
  if (typeof override === 'string' && override.length <= limitBytes[overrideHeader]) context[overrideHeader] = override;
  const shadow = headers[shadowHeader];
  if (typeof shadow === 'string' && shadow.length <= limitBytes[shadowHeader]) context[shadowHeader] = shadow;
  return context;
}

/** The ids of the trace and of the caller's span, for log lines (W3C Trace Context, section 3.2); none where it is malformed. */
export function traceIds({ traceparent }: IncomingHttpHeaders): { traceId?: string; spanId?: string } {
  if (typeof traceparent !== 'string' || !traceparentPattern.test(traceparent)) return {};
  const [, traceId = '', spanId = ''] = traceparent.split('-');
  return { traceId, spanId };
}
