import { resultOf } from '../attempt-result.ts';
import { asMeshError, MeshError } from '../errors.ts';
import { header } from '../headers.ts';
import type { Layer } from '../layer.ts';
import type { Parts } from '../parts.ts';
import { retryAfterMs } from '../policy/backoff.ts';
import { balancerOf } from '../service-state/balancer.ts';
import { hashKeyOf } from '../stickiness/hash-key.ts';
import { stuckOf } from '../stickiness/stickiness.ts';

/** Chooses the endpoint of an attempt and learns from how the attempt went. */
export function balance({ clock, random }: Parts): Layer {
  return {
    name: 'balance',
    scope: 'attempt',
    sentence:
      "Chooses the endpoint by the service's loadBalancer (peak EWMA by default) among those that health checks and breakers leave; a client with a session, or of a service with ClientIP affinity, keeps its endpoint.",
    inside: [{ name: 'split', reason: 'the service is chosen before its endpoint' }],
    wrap: (next) => async (exchange) => {
      const service = exchange.backend?.service;
      if (service === undefined) throw new MeshError('no_backend', 'No service was chosen.');
      const { policy, balancer, chooser, placing } = balancerOf(service, random);
      const { hash, setCookie } = hashKeyOf(exchange, policy.consistentHash, random);
      const stuck = stuckOf(service, exchange, clock, random);
      const placed = stuck?.hash ?? null;
      const startedMs = clock.now();
      const { tried, hedge, repeatable } = exchange;
      const endpoint = (placed === null ? chooser : placing).choose(service.endpoints, {
        nowMs: startedMs,
        hash: placed ?? hash,
        tried,
        onlyUntried: hedge,
        mayProbe: repeatable,
        pinned: stuck?.pinned ?? null,
      });
      if (endpoint === null) throw new MeshError('no_endpoint', 'No instance of the service can be used.');
      stuck?.chosen(endpoint);
      exchange.endpoint = endpoint;
      exchange.facts.endpoint = endpoint.id;
      balancer.started(endpoint, startedMs);
      endpoint.inFlight += 1;
      try {
        const reply = await next(exchange);
        const nowMs = clock.now();
        const spare = reply.status >= 500 || reply.status === 429;
        const askedMs = spare ? retryAfterMs(header(reply.headers, 'retry-after'), clock.wall()) : 0;
        balancer.observe(endpoint, nowMs, nowMs - startedMs, spare ? 'failure' : 'success', askedMs);
        reply.body.onEnd(({ error }) => {
          endpoint.inFlight -= 1;
          if (error === null || reply.tunneled) return;
          const endedMs = clock.now();
          if (resultOf(exchange, error, endedMs - startedMs) !== 'failure') return;
          // The head was measured as a success. A truncated body counts as one more attempt, which failed.
          balancer.started(endpoint, endedMs);
          balancer.observe(endpoint, endedMs, endedMs - startedMs, 'failure', 0);
        });
        if (setCookie !== null) reply.headers.push('set-cookie', setCookie);
        stuck?.replied(reply);
        return reply;
      } catch (thrown) {
        endpoint.inFlight -= 1;
        const nowMs = clock.now();
        const result = resultOf(exchange, asMeshError(thrown), nowMs - startedMs);
        balancer.observe(endpoint, nowMs, nowMs - startedMs, result, 0);
        throw thrown;
      }
    },
  };
}
