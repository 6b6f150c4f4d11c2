import type { Exchange } from '../exchange.ts';
import type { Layer } from '../layer.ts';
import type { BodyEnd, Reply } from '../reply.ts';
import { pathnameOf } from '../routing/match.ts';
import { requestFields } from '../telemetry/request-line.ts';
import type { Parts } from './parts.ts';

/** Shows live requests to whoever watches. Costs nothing while nobody does. */
export function tap({ clock, tap: watchers }: Parts): Layer {
  const offer = (exchange: Exchange, { status }: Reply, headAtMs: number, { bytes }: BodyEnd) => {
    const { facts, route, backend, method } = exchange;
    const durationMs = clock.now() - facts.startedAtMs;
    const seen = {
      route: route?.rule.route ?? null,
      service: backend?.service.name ?? null,
      endpoint: facts.endpoint,
      method,
      path: pathnameOf(exchange.askedPath),
      status,
      durationMs,
      failed: facts.failure !== null || status >= 500,
    };
    const outcome = { status, bytesSent: bytes, headMs: headAtMs - facts.startedAtMs, durationMs };
    watchers.offer(seen, () => `{"event":"request",${requestFields(clock, exchange, outcome)}}`);
  };
  return {
    name: 'tap',
    scope: 'request',
    sentence: 'Shows finished requests to those who watch with `mesh tap`, by their filters.',
    inside: [{ name: 'tracing', reason: 'what is shown names its trace' }],
    wrap: (next) => (exchange) => {
      if (!watchers.watched) return next(exchange);
      return next(exchange).then((reply) => {
        const headAtMs = clock.now();
        reply.body.onEnd((end) => offer(exchange, reply, headAtMs, end));
        return reply;
      });
    },
  };
}
