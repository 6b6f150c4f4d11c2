import type { Layer } from '../layer.ts';
import { observing } from '../observing.ts';
import type { Parts } from '../parts.ts';
import { serverAttributes, serverSpanName } from '../telemetry/span-attributes.ts';
import type { Span } from '../telemetry/trace.ts';
import { type Forms, readContext, writeContext } from '../telemetry/trace-context.ts';

/** Joins or begins the trace of a request, and hands its span to the trace listener. */
export function tracing({ clock, newId, onTrace, sample, traceForms }: Parts): Layer {
  /**
   * Trace context is passed on in the form in which it came, besides the forms that are always sent: a caller that
   * speaks B3 calls services that read B3.
   */
  const formsFor = (came: Forms): Forms => {
    const { w3c, b3, b3multi } = traceForms;
    if ((w3c || !came.w3c) && (b3 || !came.b3) && (b3multi || !came.b3multi)) return traceForms;
    return { w3c: w3c || came.w3c, b3: b3 || came.b3, b3multi: b3multi || came.b3multi };
  };

  return observing(
    clock,
    {
      name: 'tracing',
      scope: 'request',
      sentence: 'Joins the trace of the request (W3C, B3) or begins one, and keeps its span.',
      inside: [{ name: 'access log', reason: 'its line names the trace' }],
    },
    {
      begin(exchange) {
        const { facts } = exchange;
        const incoming = readContext(exchange.headers);
        const { context } = incoming;
        const traceId = context?.traceId ?? newId(16);
        const span: Span = {
          traceId,
          spanId: newId(8),
          parentId: context?.parentId ?? null,
          sampled: context?.sampled ?? sample(traceId),
          debug: context?.debug ?? false,
          kind: 'server',
          name: exchange.method,
          startedAt: clock.wall(),
          durationMs: 0,
          attributes: {},
          children: [],
        };
        facts.span = span;
        writeContext(exchange.headers, span, formsFor(incoming.forms), incoming);
        return span;
      },
      end(exchange, span, { reply, endedAtMs }) {
        if (reply === null) return;
        span.durationMs = endedAtMs - exchange.facts.startedAtMs;
        span.name = serverSpanName(exchange);
        span.attributes = serverAttributes(exchange, reply.status);
        onTrace(span);
      },
    },
  );
}
