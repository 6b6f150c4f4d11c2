import { MeshError } from '../errors.ts';
import { setHeader } from '../headers.ts';
import type { Layer } from '../layer.ts';
import type { Parts } from '../parts.ts';
import { deadlineHeader, formatDeadline } from '../policy/deadline.ts';
import { withTimeLimit } from '../time-limit.ts';

/** Tells the upstream the number of this attempt. */
export const attemptHeader = 'x-mesh-attempt';

/**
 * Bounds one attempt (HTTPRoute's `timeouts.backendRequest`), and tells the upstream how much time is left of the
 * request, or of the attempt where that is less.
 */
export function attemptTimeout({ clock }: Parts): Layer {
  return {
    name: 'attempt timeout',
    scope: 'attempt',
    sentence:
      'Aborts an attempt that takes longer, to its last byte, than timeouts.backendRequest; sends on the time that is left and the number of the attempt.',
    inside: [
      { name: 'deadline', reason: 'the remaining time is sent on, less the time of this hop' },
      { name: 'retry', reason: 'each attempt has its own time' },
      { name: 'hedge', reason: 'each attempt has its own time' },
    ],
    wrap: (next) => (exchange) => {
      const limitMs = exchange.route?.rule.spec.timeouts.backendRequestMs ?? 0;
      setHeader(exchange.headers, attemptHeader, String(exchange.attempt));
      if (limitMs === 0 && exchange.deadlineAtMs === Number.POSITIVE_INFINITY) return next(exchange);

      const nowMs = clock.now();
      const endsAtMs = limitMs === 0 ? exchange.deadlineAtMs : Math.min(exchange.deadlineAtMs, nowMs + limitMs);
      const left = formatDeadline(endsAtMs, nowMs);
      if (left !== null) setHeader(exchange.headers, deadlineHeader, left);
      // The layer deadline has a timer of its own.
      if (endsAtMs === exchange.deadlineAtMs) return next(exchange);
      return withTimeLimit(clock, limitMs, () => tooSlow(limitMs), exchange, next);
    },
  };
}

function tooSlow(limitMs: number): MeshError {
  return new MeshError('attempt_timeout', `The service gave no whole reply within ${limitMs} ms.`, {
    delivery: 'maybe_sent',
  });
}
