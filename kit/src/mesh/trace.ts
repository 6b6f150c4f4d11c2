import type { IncomingHttpHeaders } from 'node:http';

/** Replaces services by others for one request and all requests that it causes. Read by the mesh. */
export const overrideHeader = 'x-mesh-override';

/** Marks copies of requests, and all requests that they cause. No client waits for the reply. Set by the mesh. */
export const shadowHeader = 'x-mesh-shadow';

/**
 * With the value `false` on a reply: the mesh has already retried the request, or it must not be retried. A service
 * passes this on with the resulting failure (`ErrorDetails.retryable`). Otherwise every hop further out would retry as
 * well.
 */
export const retryableHeader = 'x-mesh-retryable';

/**
 * Headers that a request passes on to every request that it causes. They join the mesh's spans to one trace, apply an
 * override to the whole call graph, and mark every request of a copy as a copy.
 */
export interface TraceContext {
  traceparent?: string;
  tracestate?: string;
  baggage?: string;
  [overrideHeader]?: string;
  [shadowHeader]?: string;
}

/** W3C Trace Context, section 3.2: version 00, trace id, parent id, flags; ids of only zeros are invalid. */
const traceparentPattern = /^[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;

/** W3C Baggage, section 3.3: 8192 bytes are passed on. W3C Trace Context requires 512 of `tracestate`. */
const limitBytes = { tracestate: 1024, baggage: 8192, [overrideHeader]: 4096, [shadowHeader]: 256 };

/**
 * The trace context of a request, for the calls that it causes. A malformed `traceparent` is dropped together with
 * `tracestate`, which means nothing without it.
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

/** Ids of the trace and of the caller's span for log lines (W3C Trace Context, section 3.2). Empty if malformed. */
export function traceIds({ traceparent }: IncomingHttpHeaders): { traceId?: string; spanId?: string } {
  if (typeof traceparent !== 'string' || !traceparentPattern.test(traceparent)) return {};
  const [, traceId = '', spanId = ''] = traceparent.split('-');
  return { traceId, spanId };
}
