import { MeshError } from '../errors.ts';
import { header, headerValues, removeHeader } from '../headers.ts';
import type { Layer } from '../layer.ts';
import type { Parts } from '../parts.ts';
import { deadlineAtMs, deadlineHeader, deadlineMaxMs, hasExpired, parseDeadline } from '../policy/deadline.ts';
import { withTimeLimit } from '../time-limit.ts';

/** Bounds a request as a whole: by HTTPRoute's `timeouts.request`, and by the deadline of the caller. */
export function deadline({ clock }: Parts): Layer {
  return {
    name: 'deadline',
    scope: 'route',
    sentence:
      'Aborts the request when all its attempts together, to the last byte, take longer than timeouts.request or than the caller waits (x-request-timeout-ms); refuses expired requests.',
    inside: [
      { name: 'route', reason: 'the timeout is the route’s' },
      { name: 'cors', reason: 'a script can read that its request has expired' },
    ],
    wrap: (next) => (exchange) => {
      const limitMs = exchange.route?.rule.spec.timeouts.requestMs ?? 0;
      const given = header(exchange.headers, deadlineHeader);
      if (limitMs === 0 && given === undefined) return next(exchange);

      // Each attempt is told the time that is left by then. An unreadable field is not passed on, because a service may
      // read it differently.
      let givenMs: number | null = null;
      if (given !== undefined) {
        givenMs = parseDeadline(headerValues(exchange.headers, deadlineHeader).join());
        removeHeader(exchange.headers, deadlineHeader);
      }
      const { startedAtMs } = exchange.facts;
      const endsAtMs = Math.min(exchange.deadlineAtMs, deadlineAtMs(startedAtMs, givenMs, limitMs));
      if (endsAtMs === Number.POSITIVE_INFINITY) return next(exchange);
      exchange.deadlineAtMs = endsAtMs;
      const nowMs = clock.now();
      if (hasExpired(endsAtMs, nowMs)) throw expired('The request had expired before it could be handled.', 'not_sent');

      const late = () =>
        expired(`There was no whole reply within ${Math.round(endsAtMs - startedAtMs)} ms.`, 'maybe_sent');
      return withTimeLimit(clock, Math.min(deadlineMaxMs, endsAtMs - nowMs), late, exchange, next);
    },
  };
}

function expired(detail: string, delivery: 'not_sent' | 'maybe_sent'): MeshError {
  return new MeshError('deadline_exceeded', detail, { delivery });
}
