import { MeshError } from '../errors.ts';
import type { Layer } from '../layer.ts';
import type { Parts } from './parts.ts';

/** Bounds a request as a whole: HTTPRoute's `timeouts.request`. */
export function deadline({ clock }: Parts): Layer {
  return {
    name: 'deadline',
    scope: 'route',
    sentence:
      'Calls the request off when all its attempts together, to the last byte, take longer than timeouts.request.',
    inside: [{ name: 'route', reason: 'the timeout is the route’s' }],
    wrap: (next) => async (exchange) => {
      const limitMs = exchange.route?.rule.spec.timeouts.requestMs ?? 0;
      if (limitMs === 0) return next(exchange);
      exchange.deadlineAtMs = Math.min(exchange.deadlineAtMs, exchange.facts.startedAtMs + limitMs);
      const cancel = clock.after(exchange.deadlineAtMs - clock.now(), () =>
        exchange.abort(
          new MeshError('deadline_exceeded', `There was no whole reply within ${limitMs} ms.`, {
            delivery: 'maybe_sent',
          }),
        ),
      );
      try {
        const reply = await next(exchange);
        // A tunnel is no longer a request that somebody waits for.
        if (reply.tunnelled) cancel();
        else reply.body.onEnd(cancel);
        return reply;
      } catch (thrown) {
        cancel();
        throw thrown;
      }
    },
  };
}
