import { resultOf } from '../attempt-result.ts';
import type { Endpoint } from '../discovery/endpoint.ts';
import type { Service } from '../discovery/service.ts';
import { asMeshError } from '../errors.ts';
import { arrival, isHeld } from '../held-reply.ts';
import type { Layer } from '../layer.ts';
import type { Parts } from '../parts.ts';
import type { AttemptResult } from '../policy/balancer.ts';
import type { Admission, Breaker } from '../policy/breaker.ts';
import { balancerOf } from '../service-state/balancer.ts';
import { breakerOf } from '../service-state/readiness.ts';

/** The maximum of a probe's reply that is held, and for how long if the reply has no length. */
const probeHeldBytes = 64 * 1024;
const probeHeldMs = 1000;

/**
 * Tells the breaker of the chosen endpoint how the attempt went. Which endpoints may be chosen is up to `readinessIn`.
 */
export function circuitBreaker({ clock, random, meters, log }: Parts): Layer {
  const settle = (
    service: Service,
    endpoint: Endpoint,
    breaker: Breaker,
    admission: Admission,
    result: AttemptResult,
  ) => {
    const nowMs = clock.now();
    const changed = breaker.settle(admission, result, nowMs);
    if (changed === null) return;
    if (changed === 'admitted') {
      // Otherwise balancing would go on avoiding an endpoint that works again.
      balancerOf(service, random).balancer.forgive(endpoint, nowMs);
      log.info({ service: service.id, endpoint: endpoint.id }, 'endpoint admitted again');
      return;
    }
    const reason = breaker.reason ?? '';
    // The series of an endpoint that has left are dropped. New ones would stay permanently.
    if (!endpoint.draining) meters.breakerTrips(service.name, endpoint.id, reason).value += 1;
    const penaltyMs = Math.round(breaker.trippedUntilMs - nowMs);
    log.warn({ service: service.id, endpoint: endpoint.id, reason, penaltyMs }, 'endpoint tripped');
  };

  return {
    name: 'circuit breaker',
    scope: 'attempt',
    sentence:
      'Takes an endpoint out after failures in a row or at a low success rate, and probes with one request at a time whether the endpoint is back.',
    inside: [{ name: 'balance', reason: 'it judges the chosen endpoint' }],
    wrap: (next) => async (exchange) => {
      const { endpoint } = exchange;
      const service = exchange.backend?.service;
      if (endpoint === null || service === undefined) return next(exchange);
      const breaker = breakerOf(service, endpoint, random);
      if (breaker === null) return next(exchange);
      const startedMs = clock.now();
      const admission = breaker.admit(startedMs);
      try {
        const reply = await next(exchange);
        // If the body of a held probe breaks off, the request can still be tried elsewhere: a probe must not cost a
        // client its reply.
        if (admission === 'probe' && reply.status < 500 && isHeld(reply, probeHeldBytes)) {
          const error = await arrival(reply, probeHeldBytes, probeHeldMs, clock);
          if (error !== null) throw error;
        }
        // One verdict per attempt, when it is over. Otherwise an endpoint that truncates its bodies would have one
        // success for each failure. A tunnel may last for days, and a probe must not keep other requests waiting.
        const early = admission === 'probe' || reply.tunneled || reply.status >= 500;
        if (early) settle(service, endpoint, breaker, admission, reply.status >= 500 ? 'failure' : 'success');
        if (reply.tunneled || reply.status >= 500) return reply;
        reply.body.onEnd(({ error }) => {
          if (error === null && early) return;
          const result = error === null ? 'success' : resultOf(exchange, error, clock.now() - startedMs);
          settle(service, endpoint, breaker, early ? 'normal' : admission, result);
        });
        return reply;
      } catch (thrown) {
        const result = resultOf(exchange, asMeshError(thrown), clock.now() - startedMs);
        settle(service, endpoint, breaker, admission, result);
        throw thrown;
      }
    },
  };
}
