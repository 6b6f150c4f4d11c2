import type { Exchange } from '../exchange.ts';
import type { Layer } from '../layer.ts';
import type { Ending } from '../observer.ts';
import { observing } from '../observing.ts';
import type { Parts } from '../parts.ts';
import { pathnameOf } from '../routing/match.ts';
import { requestFields } from '../telemetry/request-line.ts';

/** Shows live requests to watchers. Costs nothing without watchers. */
export function tap({ clock, tap: watchers }: Parts): Layer {
  const offer = (exchange: Exchange, { reply, bytes, headAtMs, endedAtMs }: Ending) => {
    if (reply === null) return;
    const { facts, route, backend, method } = exchange;
    const { status } = reply;
    const durationMs = endedAtMs - facts.startedAtMs;
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
  return observing(
    clock,
    {
      name: 'tap',
      scope: 'request',
      sentence: 'Shows finished requests to the watchers of `mesh tap`, by their filters.',
      inside: [{ name: 'tracing', reason: 'a shown request names its trace' }],
    },
    {
      end(exchange, _note, ending) {
        if (watchers.watched) offer(exchange, ending);
      },
    },
  );
}
