import type { Endpoint } from '../discovery/endpoint.ts';
import type { Service } from '../discovery/service.ts';
import { asMeshError } from '../errors.ts';
import type { Layer } from '../layer.ts';
import type { AttemptResult } from '../policy/balancer.ts';
import type { Admission, Breaker } from '../policy/breaker.ts';
import { resultOf } from './attempt-result.ts';
import type { Parts } from './parts.ts';
import { breakerOf } from './readiness.ts';
import { balancerOf } from './service-balancer.ts';

/** Tells the breaker of the chosen endpoint how the attempt went. Which endpoints may be chosen, balancing asks `readinessIn`. */
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
      // Else balancing would go on avoiding an endpoint that has proved itself.
      balancerOf(service, random).balancer.forgive(endpoint, nowMs);
      log.info({ service: service.id, endpoint: endpoint.id }, 'endpoint admitted again');
      return;
    }
    const reason = breaker.reason ?? '';
    meters.breakerTrips(service.name, endpoint.id, reason).value += 1;
    const penaltyMs = Math.round(breaker.trippedUntilMs - nowMs);
    log.warn({ service: service.id, endpoint: endpoint.id, reason, penaltyMs }, 'endpoint tripped');
  };

  return {
    name: 'circuit breaker',
    scope: 'attempt',
    sentence:
      'Takes an endpoint out after failures in a row or at a bad success rate, and lets one request at a time find out whether it is back.',
    inside: [{ name: 'balance', reason: 'it judges the endpoint that was chosen' }],
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
        settle(service, endpoint, breaker, admission, reply.status >= 500 ? 'failure' : 'success');
        // Judged at the head, so that a probe need not wait for the end of a download: a body that breaks off is one more failure.
        reply.body.onEnd(({ error }) => {
          if (error === null || reply.tunnelled) return;
          settle(service, endpoint, breaker, 'normal', resultOf(exchange, error, clock.now() - startedMs));
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
