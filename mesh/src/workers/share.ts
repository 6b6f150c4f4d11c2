import type { MeshConfig } from '../config/model.ts';
import type { BackendTrafficPolicy, RoutePolicy } from '../config/policy-model.ts';

/**
 * What one of `workers` has to keep to, so that all together keep to `config`: each gets the same part of every rate,
 * budget and limit. Whole numbers are rounded up, to 1 at least, so all together may go over by less than one each. A
 * client that stays on one connection, and so at one worker, gets that worker's part of a limit per client.
 *
 * Not divided: what is a share already (20 % of the requests), and thresholds of judgement (breaker, hedging), of which each
 * worker forms its own on the requests that it sees.
 */
export function shareOf(config: MeshConfig, workers: number): MeshConfig {
  if (workers <= 1) return config;
  const part = (whole: number) => Math.max(1, Math.ceil(whole / workers));
  const backend = (policy: BackendTrafficPolicy): BackendTrafficPolicy => ({
    ...policy,
    limits: {
      ...policy.limits,
      maxInFlight: part(policy.limits.maxInFlight),
      maxQueued: policy.limits.maxQueued === 0 ? 0 : part(policy.limits.maxQueued),
      maxConnections: part(policy.limits.maxConnections),
    },
    retryBudget: {
      ...policy.retryBudget,
      minRetriesPerSecond: policy.retryBudget.minRetriesPerSecond / workers,
    },
  });
  const route = (policy: RoutePolicy): RoutePolicy => ({
    ...policy,
    rateLimits: policy.rateLimits.map((limit) => ({
      ...limit,
      requestsPerSecond: limit.requestsPerSecond / workers,
      burst: part(limit.burst),
    })),
    mirror: { ...policy.mirror, maxInFlight: part(policy.mirror.maxInFlight) },
  });
  return {
    ...config,
    services: config.services.map((service) => ({ ...service, policy: backend(service.policy) })),
    routes: config.routes.map((each) => ({ ...each, policy: route(each.policy) })),
  };
}
