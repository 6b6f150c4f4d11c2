import { header, setHeader } from '../headers.ts';
import type { Layer } from '../layer.ts';
import { pathnameOf } from '../routing/match.ts';
import type { Span } from '../telemetry/trace.ts';
import { readTraceparent, writeTraceparent } from '../telemetry/trace-context.ts';
import type { Parts } from './parts.ts';

/** Joins or begins the trace of a request, and hands its span on to whoever keeps traces. */
export function tracing({ clock, newId, onTrace }: Parts): Layer {
  return {
    name: 'tracing',
    scope: 'request',
    sentence: 'Joins the trace that the request comes with (W3C trace context) or begins one, and keeps its span.',
    inside: [{ name: 'access log', reason: 'its line names the trace' }],
    wrap: (next) => async (exchange) => {
      const { facts } = exchange;
      const incoming = header(exchange.headers, 'traceparent');
      const context = incoming === undefined ? null : readTraceparent(incoming);
      const span: Span = {
        traceId: context?.traceId ?? newId(16),
        spanId: newId(8),
        parentId: context?.parentId ?? null,
        sampled: context?.sampled ?? true,
        kind: 'server',
        name: exchange.method,
        startedAt: clock.wall(),
        durationMs: 0,
        attributes: {},
        children: [],
      };
      facts.span = span;
      setHeader(exchange.headers, 'traceparent', writeTraceparent(span.traceId, span.spanId, span.sampled));
      const reply = await next(exchange);
      reply.body.onEnd(() => {
        span.durationMs = clock.now() - facts.startedAtMs;
        span.name = `${exchange.method} ${exchange.route?.rule.route ?? 'unrouted'}`;
        span.attributes = {
          'http.request.method': exchange.method,
          'url.path': pathnameOf(exchange.path),
          'server.address': exchange.authority,
          'http.response.status_code': reply.status,
          'http.route': exchange.route?.rule.id ?? '',
          'mesh.service': exchange.backend?.service.name ?? '',
          'mesh.request_id': facts.id,
          ...(facts.failure === null ? {} : { 'error.type': facts.failure.code }),
        };
        onTrace(span);
      });
      return reply;
    },
  };
}
