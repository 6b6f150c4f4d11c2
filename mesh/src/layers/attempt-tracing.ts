import type { Layer } from '../layer.ts';
import { observing } from '../observing.ts';
import type { Parts } from '../parts.ts';
import { attemptAttributes, clientSpanName } from '../telemetry/span-attributes.ts';
import type { Span } from '../telemetry/trace.ts';
import { restampContext } from '../telemetry/trace-context.ts';

/** A span per attempt, so that a trace shows which instances were tried, and how often. */
export function attemptTracing({ clock, newId }: Parts): Layer {
  return observing<Span | null>(
    clock,
    {
      name: 'attempt tracing',
      scope: 'attempt',
      sentence: 'Gives each attempt a span of its own, which the upstream sees as its parent.',
      inside: [
        { name: 'tracing', reason: 'the span of an attempt is a child of the span of its request' },
        { name: 'balance', reason: 'the span names the endpoint' },
      ],
    },
    {
      begin(exchange) {
        const parent = exchange.facts.span;
        if (parent === null) return null;
        const span: Span = {
          traceId: parent.traceId,
          spanId: newId(8),
          parentId: parent.spanId,
          sampled: parent.sampled,
          debug: parent.debug,
          kind: 'client',
          name: clientSpanName(exchange.method),
          startedAt: clock.wall(),
          durationMs: 0,
          attributes: attemptAttributes(exchange),
          children: [],
        };
        parent.children.push(span);
        restampContext(exchange.headers, span);
        return span;
      },
      head(_exchange, span, { status }) {
        if (span === null) return;
        span.attributes['http.response.status_code'] = status;
        if (status >= 400) span.attributes['error.type'] = String(status);
      },
      end(_exchange, span, { error, beganAtMs, endedAtMs }) {
        if (span === null) return;
        span.durationMs = endedAtMs - beganAtMs;
        if (error !== null) span.attributes['error.type'] = error.code;
      },
    },
  );
}
